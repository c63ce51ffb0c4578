"""Answer every error as a problem document (RFC 9457), titled in Vietnamese or English."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal
from urllib.parse import quote

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field, ValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.methods import methods_of
from schemas.errors import HarvestlaneError, Unavailable

MEDIA_TYPE = "application/problem+json"
_RETRY_AFTER_S = "2"
_MOST_FLAWS = 20

PROBLEMS: dict[str, tuple[int, str, str]] = {
    "bad_request": (400, "Yêu cầu không hợp lệ", "Bad request"),
    "not_json": (400, "Nội dung không phải JSON", "The body is not JSON"),
    "unauthenticated": (401, "Cần đăng nhập", "Log-in needed"),
    "code_refused": (401, "Mã đăng nhập không dùng được", "The log-in code cannot be used"),
    "login_refused": (401, "Tên hoặc mật khẩu không đúng", "Wrong log-in name or password"),
    "no_role": (403, "Tài khoản chưa được phân quyền", "This account has no role here"),
    "forbidden": (403, "Không có quyền", "Not allowed"),
    "not_yours": (403, "Không thuộc quyền của bạn", "Not yours"),
    "password_needed": (403, "Cần đặt mật khẩu trước", "Set a password first"),
    "cross_origin": (403, "Yêu cầu từ trang khác", "Request from another site"),
    "not_found": (404, "Không tìm thấy", "Not found"),
    "facility_unknown": (404, "Không có cơ sở này", "No such facility"),
    "checkpoint_unknown": (404, "Không có chốt này", "No such checkpoint"),
    "lot_unknown": (404, "Không có lô hàng này", "No such lot"),
    "corridor_unknown": (404, "Không có tuyến này", "No such corridor"),
    "closure_unknown": (404, "Không có lệnh cấm đường này", "No such closure"),
    "assignment_unknown": (404, "Không có chuyến này", "No such assignment"),
    "command_unknown": (404, "Không có lệnh này", "No such command"),
    "method_not_allowed": (405, "Không hỗ trợ phương thức này", "Method not allowed"),
    "already_decided": (409, "Không còn thực hiện được", "No longer possible"),
    "webhooks_full": (409, "Đã đủ số webhook", "Too many webhooks"),
    "lot_withdrawn": (409, "Lô hàng đã được rút", "The lot was withdrawn"),
    "login_taken": (409, "Tên đăng nhập đã có", "The log-in name is taken"),
    "already_registered": (409, "Mã này đã được dùng", "This id is taken"),
    "already_over": (409, "Đã kết thúc", "Over already"),
    "in_progress": (409, "Đang xử lý", "Being carried out"),
    "precondition_failed": (412, "Dữ liệu đã thay đổi", "Changed meanwhile"),
    "too_large": (413, "Nội dung quá lớn", "Too large"),
    "media_type": (415, "Kiểu nội dung không được hỗ trợ", "Unsupported media type"),
    "invalid": (422, "Dữ liệu không hợp lệ", "Invalid data"),
    "malformed_event": (422, "Sự kiện không hợp lệ", "Malformed event"),
    "type_unknown": (422, "Loại sự kiện không tồn tại", "Unknown event type"),
    "type_not_postable": (422, "Không nhận loại sự kiện này", "Event type not accepted"),
    "source_reserved": (422, "Nguồn sự kiện không thuộc bạn", "Source is another's"),
    "time_ahead": (422, "Thời gian quá xa trong tương lai", "Time too far ahead"),
    "truck_unknown": (422, "Xe chưa đăng ký", "No such truck"),
    "reason_needed": (422, "Cần nêu lý do", "A reason is needed"),
    "url_refused": (422, "Địa chỉ không dùng được", "Address not accepted"),
    "device_unknown": (422, "Thiết bị chưa đăng ký", "No such tracker"),
    "swapped": (422, "Vĩ độ và kinh độ bị đảo", "Latitude and longitude have changed places"),
    "key_reused": (422, "Khóa lặp lại đã dùng cho yêu cầu khác", "Key used for another request"),
    "batch_refused": (422, "Lô sự kiện bị từ chối", "Batch refused"),
    "import_refused": (422, "Tệp có ô bị lỗi", "Cells of the file are wrong"),
    "import_unreadable": (422, "Không đọc được tệp", "The file cannot be read"),
    "report_too_large": (422, "Báo cáo quá lớn", "Report too large"),
    "password_weak": (422, "Mật khẩu quá dễ đoán", "The password is too easily guessed"),
    "too_many": (429, "Quá nhiều yêu cầu", "Too many requests"),
    "head_too_large": (431, "Địa chỉ hoặc tiêu đề quá dài", "Address or headers too long"),
    "internal": (500, "Lỗi hệ thống", "Internal error"),
    "busy": (503, "Hệ thống đang bận", "Busy"),
    "broker_unavailable": (503, "Chưa ghi nhận được", "Cannot be recorded now"),
    "views_unavailable": (503, "Chưa đọc được dữ liệu", "Cannot be read now"),
    "provider_unavailable": (503, "Chưa đăng nhập được", "The log-in provider does not answer"),
    "clock_unknown": (503, "Chưa biết giờ hệ thống", "The clock is not known yet"),
    "roads_missing": (503, "Chưa có mạng lưới đường", "No road network yet"),
    "streams_full": (503, "Quá nhiều kết nối", "Too many streams"),
    "not_ready": (503, "Hệ thống chưa sẵn sàng", "Not ready"),
}
"""Each stable code's status and its titles, Vietnamese and English."""

_CODE_OF_STATUS = {
    400: "bad_request",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "media_type",
    422: "invalid",
}


class Flaw(BaseModel):
    """One thing wrong with a request."""

    pointer: str
    """Where: `#/pickup/lat` in the body, `query:limit`, `path:lot_id` or `header:ce-id`."""
    message: str
    code: str


class ProblemDocument(BaseModel):
    """What every error looks like (RFC 9457)."""

    type: Annotated[str, Field(examples=["urn:harvestlane:problem:invalid"])]
    title: str
    """In Vietnamese, or in English where `Accept-Language` prefers it."""
    status: int
    detail: str
    instance: str
    """The path that was asked for."""
    code: str
    """Stable; programs go by it."""
    errors: list[Flaw] = []


ANSWERS: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "A problem document (RFC 9457).",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}},
    }
}
"""What every operation declares about its errors in OpenAPI."""


class Problem(HarvestlaneError):
    """An error that the client is told of.

    Parameters
    ----------
    code
        A key of `PROBLEMS`.
    detail
        One sentence for people.
    errors
        Everything that is wrong, where there is more than one thing.
    headers
        Further headers of the answer.
    """

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        errors: Sequence[Flaw] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})

    @property
    def status(self) -> int:
        """The HTTP status."""
        return PROBLEMS[self.code][0]


def problem_of(error: Exception) -> Problem:
    """Say an expected error of the lower layers as a problem."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, Unavailable):
        return Problem("views_unavailable", str(error))
    if isinstance(error, RequestValidationError):
        return _of_validation(error)
    if isinstance(error, HTTPException):
        code = _CODE_OF_STATUS.get(error.status_code, "bad_request")
        return Problem(code, str(error.detail), headers=error.headers)
    return Problem("internal", "something went wrong here; it was written to the log")


def answer(problem: Problem, *, instance: str, accept_language: str | None = None) -> Response:
    """Write a problem as a response in the reader's language.

    Parameters
    ----------
    problem
        What went wrong.
    instance
        The path that was asked for.
    accept_language
        The request's header of this name.
    """
    status, vietnamese, english = PROBLEMS[problem.code]
    language = language_of(accept_language)
    headers = {"content-language": language, "cache-control": "no-store", **problem.headers}
    if status == 503:
        headers.setdefault("retry-after", _RETRY_AFTER_S)
    if status == 401:
        headers.setdefault("www-authenticate", 'Bearer realm="harvestlane"')
    document = {
        "type": f"urn:harvestlane:problem:{problem.code}",
        "title": english if language == "en" else vietnamese,
        "status": status,
        "detail": problem.detail,
        "instance": instance,
        "code": problem.code,
        "errors": [flaw.model_dump() for flaw in problem.errors],
    }
    return Response(_dump(document), status, headers, MEDIA_TYPE)


def language_of(accept_language: str | None) -> Literal["vi", "en"]:
    """Return the language that a reader prefers: Vietnamese, unless English is asked for.

    Parameters
    ----------
    accept_language
        The request's header of this name.
    """
    weights = {"vi": 0.0, "en": 0.0}
    for part in (accept_language or "").lower().split(","):
        tag, _, weight = part.strip().partition(";q=")
        language = tag.split("-")[0]
        if language in weights:
            try:
                weights[language] = max(weights[language], float(weight or 1))
            except ValueError:
                continue
    return "en" if weights["en"] > weights["vi"] else "vi"


def install(app: FastAPI) -> None:
    """Let the application answer its errors as problem documents."""

    async def handle(request: Request, error: Exception) -> Response:
        problem = problem_of(error)
        if problem.code == "method_not_allowed":
            problem.headers["allow"] = ", ".join(methods_of(app, request.url.path))
        return answer(
            problem,
            instance=quote(request.url.path),
            accept_language=request.headers.get("accept-language"),
        )

    for kind in (HarvestlaneError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, handle)


def pointer_to(*parts: str | int) -> str:
    """Point into a JSON body (RFC 6901, as a URI fragment)."""
    escaped = (str(part).replace("~", "~0").replace("/", "~1") for part in parts)
    return "#" + "".join(f"/{part}" for part in escaped)


def flaws_of(error: ValidationError, *base: str | int) -> list[Flaw]:
    """List what a validation found wrong, at most 20 things.

    Parameters
    ----------
    error
        What pydantic raised.
    *base
        Where the validated value stands in the body.
    """
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return [
        Flaw(pointer=pointer_to(*base, *each["loc"]), message=_said(each), code=each["type"])
        for each in found[:_MOST_FLAWS]
    ]


def _of_validation(error: RequestValidationError) -> Problem:
    flaws = [
        Flaw(pointer=_where(each["loc"]), message=_said(each), code=each["type"])
        for each in error.errors()[:_MOST_FLAWS]
    ]
    if any(flaw.code == "json_invalid" for flaw in flaws):
        return Problem("not_json", "the body is not JSON", errors=flaws)
    first = f"{flaws[0].pointer}: {flaws[0].message}" if flaws else "the request is invalid"
    return Problem("invalid", first, errors=flaws)


def _said(error: Mapping[str, Any]) -> str:
    return str(error["msg"]).removeprefix("Value error, ")


def _where(location: Sequence[str | int]) -> str:
    place, *rest = location
    return pointer_to(*rest) if place == "body" else f"{place}:{'.'.join(map(str, rest))}"


def _dump(document: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(document)
    except orjson.JSONEncodeError:  # a text that echoes bytes which are no characters
        document["detail"] = document["detail"].encode("utf-8", "replace").decode()
        document["errors"] = []
        return orjson.dumps(document)
