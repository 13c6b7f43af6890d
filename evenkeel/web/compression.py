"""Pages, data and files travel gzipped to browsers that take it.

What is encrypted and compressed can tell by its length what stands on a page, to somebody who has it opened
again and again with words of their own in it (BREACH). So over HTTPS a page is packed only when one of our
own pages or the person at the screen asked for it, and for no other site; Django adds a random length to
each, and masks the token of a form anew. Files are the same for everybody.
"""

import gzip
from functools import cache
from pathlib import Path
from typing import Any, Final

from django.http import FileResponse, HttpRequest, HttpResponseBase
from django.middleware.gzip import GZipMiddleware, re_accepts_gzip
from django.utils.cache import patch_vary_headers
from whitenoise.middleware import WhiteNoiseMiddleware

# PDFs and fonts are packed already or hardly shrink.
PACKED: Final = frozenset(
    {
        "text/html",
        "text/css",
        "text/javascript",
        "text/csv",
        "text/plain",
        "application/json",
        "image/svg+xml",
    }
)
# Who asks, by what browsers say of it (Fetch Metadata): one of our pages, or somebody who typed the address.
OUR_OWN: Final = frozenset({"same-origin", "none"})

OK: Final = 200


def _is_packed(response: HttpResponseBase) -> bool:
    return response.get("Content-Type", "").partition(";")[0] in PACKED


class Pages(GZipMiddleware):
    """Packs whole answers. Streams go out piece by piece as they come, the event stream first of all."""

    async_capable = False

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Pack the answer, unless it is a stream or another site could have asked for it."""
        if response.streaming or not _is_packed(response):
            return response
        if request.is_secure() and request.headers.get("Sec-Fetch-Site") not in OUR_OWN:
            return response
        return super().process_response(request, response)


class Files(WhiteNoiseMiddleware):  # type: ignore[misc]  # WhiteNoise ships no types
    """Static files, each packed when it is first asked for and kept so while the process runs."""

    @staticmethod
    def serve(static_file: Any, request: HttpRequest) -> HttpResponseBase:
        """Hand a file over; its entity tag names the file and not how it travels, as WhiteNoise has it."""
        response: FileResponse = WhiteNoiseMiddleware.serve(static_file, request)
        if not _is_packed(response):
            return response
        patch_vary_headers(response, ["Accept-Encoding"])
        takes_it = re_accepts_gzip.search(request.headers.get("Accept-Encoding", ""))
        file = response.file_to_stream
        if takes_it and file is not None and response.status_code == OK:
            packed = _packed(file.name, response["ETag"])
            response.streaming_content = [packed]
            response["Content-Encoding"] = "gzip"
            response["Content-Length"] = str(len(packed))
        return response


@cache
def _packed(path: str, etag: str) -> bytes:
    """The file's bytes, gzipped; `etag` is another one when the file is."""
    return gzip.compress(Path(path).read_bytes(), mtime=0)
