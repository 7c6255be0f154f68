"""The scale of time: AWS seconds pass faster than wall seconds; every timestamp stays wall time."""

from __future__ import annotations

import time


class ScaledTime:
    """`scale` AWS seconds pass per wall second; it can change at run time."""

    def __init__(self, scale: float) -> None:
        self._base_wall = time.time()
        self._base_aws = self._base_wall * scale
        self._scale = scale

    @property
    def scale(self) -> float:
        """AWS seconds per wall second."""
        return self._scale

    def set_scale(self, scale: float) -> None:
        """Change the scale from now on; AWS time goes on from where it is. ValueError unless positive."""
        if scale <= 0:
            raise ValueError(f"time scale {scale!r} is not positive; it is AWS seconds per wall second")
        now = time.time()
        self._base_aws, self._base_wall, self._scale = self.aws(now), now, scale

    def aws(self, wall: float) -> float:
        """The AWS time, in seconds from an arbitrary origin, of the wall time `wall` (epoch seconds)."""
        return self._base_aws + (wall - self._base_wall) * self._scale

    def wall(self, aws: float) -> float:
        """The wall time, epoch seconds, at which it is `aws` in AWS time."""
        return self._base_wall + (aws - self._base_aws) / self._scale

    def wall_seconds(self, aws_seconds: float) -> float:
        """How many wall seconds `aws_seconds` take."""
        return aws_seconds / self._scale
