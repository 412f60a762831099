"""The Gymnasium faces of a world.  Importing this registers them: `serendip/User-v0` and `serendip/Population-v0`."""

from serendip.envs.registration import register

register()
