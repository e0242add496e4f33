"""Uploads as the track views in Redis hold them."""

from redis.exceptions import RedisError

from shared.errors import SystemicError
from shared.events import AppealDecided, AppealFiled, TrackUploaded
from shared.views.redis_tracks import RedisTrackViews
from shared.views.tracks import TrackView


class ViewedTracks:
    """The track views with Redis's own errors turned into ours."""

    def __init__(self, views: RedisTrackViews) -> None:
        self._views = views

    async def of(self, track_id: str) -> TrackUploaded | None:
        view = await self.view(track_id)
        return view.upload if view else None

    async def view(self, track_id: str) -> TrackView | None:
        """Raises SystemicError when Redis does not answer."""
        try:
            return await self._views.load(track_id)
        except RedisError as error:
            raise SystemicError(f"Redis: {error}") from error

    async def record(self, event: AppealFiled | AppealDecided) -> None:
        """Raises SystemicError when Redis does not answer."""
        try:
            await self._views.record(event)
        except RedisError as error:
            raise SystemicError(f"Redis: {error}") from error
