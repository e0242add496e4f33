"""What pydantic says about input, in the words of whoever wrote the input."""

from pydantic_core import ErrorDetails

_WORDS = {
    "missing": "is missing",
    "extra_forbidden": "there is no such field",
    "string_type": "wants a text",
    "string_pattern_mismatch": "must match {pattern}",
    "json_invalid": "is no JSON: {error}",
    "model_type": "wants a JSON object",
    "model_attributes_type": "wants a JSON object",
    "dict_type": "wants a JSON object",
}


def fault_words(fault: ErrorDetails) -> str:
    """One entry of ``ValidationError.errors()`` as a reason beside the name of its field.

    Types without words of their own keep pydantic's sentence. Nothing of the input is quoted.
    """
    context = fault.get("ctx", {})
    if fault["type"] == "string_too_short" and context.get("min_length") == 1:
        return "must not be empty"
    words = _WORDS.get(fault["type"])
    return fault["msg"] if words is None else words.format(**context)
