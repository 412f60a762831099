"""The parts of the belief `choice-mixture`: tastes on a grid, personas, items, and what slates tell of them."""
