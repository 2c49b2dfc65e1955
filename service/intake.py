"""Taking in an archive: counted as it arrives, unpacked elsewhere, queued when all is on the disk."""

import asyncio
import hashlib
import os
import secrets
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

from anyio.to_thread import run_sync

from service.archive import unpack_elsewhere
from service.codes import Code, RefusedError
from service.settings import Settings
from service.store import Store

__all__ = ["Intake"]

_ID_BYTES = 6


class Intake:
    """Where archives arrive."""

    def __init__(self, settings: Settings, store: Store) -> None:
        """Begin, and forget archives that a service before this one had not taken in to the end.

        Args:
            settings: Of the service.
            store: Of the service.
        """
        self._settings, self._store = settings, store
        self._uploading: set[str] = set()
        for left in settings.places.incoming.iterdir():
            left.unlink()
        for left in settings.places.submissions.iterdir():
            if store.get(left.name) is None:
                shutil.rmtree(left)

    async def take(self, account: str, stream: AsyncIterator[bytes], announced_bytes: int | None) -> str:
        """Take in an archive.

        Args:
            account: Whose.
            stream: Of the archive.
            announced_bytes: How many it will be, if that was said.

        Returns:
            The id of the submission, which is queued.

        Raises:
            RefusedError: With its code; nothing is left of it then.
        """
        if account in self._uploading:
            raise RefusedError(Code.UPLOADING, "one at a time")
        self._uploading.add(account)
        try:
            return await self._take(account, stream, announced_bytes)
        finally:
            self._uploading.discard(account)

    async def _take(self, account: str, stream: AsyncIterator[bytes], announced_bytes: int | None) -> str:
        settings, places = self._settings, self._settings.places
        self._check_size(announced_bytes or 0)
        if shutil.disk_usage(places.data).free < 2 * (settings.upload_bytes + settings.bounds.content_bytes):
            raise RefusedError(Code.DISK, "there is no room for another submission")
        await run_sync(
            lambda: self._store.begin_upload(
                account,
                per_day=settings.uploads_per_day,
                waiting=settings.waiting,
                queue=settings.queue,
            )
        )
        name = secrets.token_hex(_ID_BYTES)
        archive = places.incoming / name
        try:
            async with asyncio.timeout(settings.upload_s):
                sha256, size = await self._receive(archive, stream)
            await run_sync(lambda: self._keep(name, archive, account, sha256, size))
        except TimeoutError as error:
            raise RefusedError(
                Code.PATIENCE, f"not whole after {settings.upload_s:.0f} s, the most that is allowed"
            ) from error
        finally:
            archive.unlink(missing_ok=True)
        return name

    async def _receive(self, archive: Path, stream: AsyncIterator[bytes]) -> tuple[str, int]:
        digest, size = hashlib.sha256(), 0
        with archive.open("xb") as file:
            async for content in stream:
                size += len(content)
                self._check_size(size)
                digest.update(content)
                file.write(content)
        return digest.hexdigest(), size

    def _check_size(self, size: int) -> None:
        most = self._settings.upload_bytes
        if size > most:
            raise RefusedError(Code.UPLOAD_SIZE, f"more than {most:,} bytes, the most that is allowed")

    def _keep(self, name: str, archive: Path, account: str, sha256: str, size: int) -> None:
        """Unpack it and queue it; what is not queued is not kept."""
        settings, places = self._settings, self._settings.places
        unpacked, final = places.submissions / f".{name}", places.submissions / name
        try:
            root = unpack_elsewhere(archive, unpacked, settings.bounds)
            root.rename(final)
            _flush(places.submissions)
            try:
                self._store.add(
                    name, account, sha256=sha256, size=size, waiting=settings.waiting, queue=settings.queue
                )
                self._store.say(name, f"received {size:,} bytes")
            except RefusedError:
                shutil.rmtree(final)
                raise
        finally:
            shutil.rmtree(unpacked, ignore_errors=True)


def _flush(folder: Path) -> None:
    """See to it that the names in a folder are on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
