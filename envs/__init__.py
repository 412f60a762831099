"""The Gymnasium faces of a world: `serendip/User-v0` and `serendip/Population-v0`.

`import serendip` makes them known to Gymnasium, and so does importing this.
"""

from serendip.envs.registration import register

register()
