"""The server's errors: HTTP status, its own code, its own words. The table of CompreFace 1.2.0."""

from __future__ import annotations


class ApiError(Exception):
    """Becomes `{"message": ..., "code": ...}`."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


class EmptyAnswer(Exception):
    """A status with an empty body: what Spring gives for malformed JSON, a bad number, a bad UUID."""

    def __init__(self, status: int = 400) -> None:
        super().__init__(str(status))
        self.status = status


class FilterError(ApiError):
    """What the filter before the API says about a key: it has a content type of its own."""


class Unmapped(Exception):
    """No such path, or a fault in the filter: Spring's own page, without a code."""

    def __init__(self, status: int = 404) -> None:
        super().__init__(str(status))
        self.status = status


def catch_all() -> ApiError:
    """Any unexpected exception, the server's own faults included."""
    return ApiError(400, 0, "Something went wrong, please try again")


def method_not_supported(method: str) -> ApiError:
    return ApiError(404, 0, f"Request method '{method}' not supported")


def field_empty(name: str) -> ApiError:
    return ApiError(400, 5, f"Field {name} cannot be empty")


def unknown_key(kind: str, key: str) -> FilterError:
    return FilterError(404, 10, f"{kind.title()} service with API Key {key} not found")


def no_key() -> FilterError:
    return FilterError(400, 20, "Missing header: x-api-key")


def bad_key() -> FilterError:
    return FilterError(400, 26, "Service API key should be UUID")


def bad_extension(name: str) -> ApiError:
    return ApiError(400, 21, f"File [{name}] has an unavailable extension")


def not_base64() -> ApiError:
    return ApiError(400, 21, "Provided value is not Base64")


def invalid(*messages: str) -> ApiError:
    """A violated rule of a parameter: each message ends with "; "."""
    return ApiError(400, 26, "".join(f"{message}; " for message in messages))


def invalid_field(message: str) -> ApiError:
    """A violated rule of a field of the body: told as it stands."""
    return ApiError(400, 26, message)


def no_face() -> ApiError:
    return ApiError(400, 28, "No face is found in the given image")


def several_faces() -> ApiError:
    return ApiError(400, 31, "More than one face in the source image")


def migrating() -> ApiError:
    return ApiError(405, 32, "Write operations during migration aren't allowed")


def no_parameter(name: str) -> ApiError:
    return ApiError(400, 33, f"Required parameter {name} is missing")


def no_part(name: str) -> ApiError:
    return ApiError(400, 34, f"Required part {name} is missing")


def special_characters() -> ApiError:
    return ApiError(400, 36, "The name cannot contain the following special characters: ';', '/', '\\'")


def too_few_embeddings(expected: int, provided: int) -> ApiError:
    return ApiError(400, 37, f"{expected} embeddings were expected, but {provided} were provided")


def core_failed(detail: str) -> ApiError:
    return ApiError(500, 41, f"Error during synchronization between servers: {detail}")


def core_broke(detail: str, path: str) -> ApiError:
    """Core answered 500: the whole of what Feign says about it."""
    told = "[500 Internal Server Error] during [POST] to [http://compreface-core:3000/" + path
    return core_failed(f'{told}] [FacesFeignClient#...]: [{{"message": "{detail}"}}]')


def no_subject(name: str) -> ApiError:
    return ApiError(404, 42, f"Subject {name} not found")


def subject_exists() -> ApiError:
    return ApiError(400, 43, "Subject already exists")


def no_image(image_id: str) -> ApiError:
    return ApiError(404, 44, f"Image {image_id} not found")


def wrong_image_id() -> ApiError:
    return ApiError(404, 44, "Image Id is incorrect")
