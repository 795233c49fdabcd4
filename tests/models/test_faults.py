"""Faults of servers, class by class: what each says about the calls still to come."""

import pytest

from negosim.errors import ModelError
from negosim.models._faults import ServedModel, explain, fault_of, refused_setting

SETTINGS = ("max_tokens", "temperature", "seed", "response_format")
PLACE = ServedModel("openai:m@http://h/v1", "m", "http://h/v1", "NEGOSIM_API_KEY", has_key=True)


@pytest.mark.parametrize(
    ("fault", "status", "code", "said", "parameter"),
    [
        ("credit", 402, "invalid_request_error", "Insufficient Balance", ""),
        ("credit", 402, "", "", ""),
        ("credit", 429, "insufficient_quota", "You exceeded your current quota", ""),
        ("credit", 400, "invalid_request_error", "Your credit balance is too low to use the API.", ""),
        ("credit", 403, "permission-denied", "Your team doesn't have any credits yet.", ""),
        ("credit", 400, "Arrearage", "Access denied, is your account in good standing?", ""),
        ("credit", 502, "", "Insufficient credits. Add more using https://example.invalid", ""),
        ("key", 401, "", "no", ""),
        ("key", 403, "", "forbidden", ""),
        ("key", 400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", ""),
        ("key", 400, "", "Incorrect API key provided", ""),
        ("key", 400, "invalid_api_key", "", ""),
        ("model", 404, "", "Not Found", ""),
        ("model", 404, "model_not_found", "", ""),
        ("model", 400, "model_not_found", "The model `x` does not exist or you have no access.", "model"),
        ("model", 400, "invalid_request_error", "Model Not Exist", ""),
        ("model", 400, "", "acme/x is not a valid model ID", ""),
        ("model", 404, "", "No endpoints found for acme/x.", ""),
        ("model", 400, "model_decommissioned", "", ""),
        ("model", 403, "", "The model `x` is not available to this project", ""),
        ("address", 405, "", "Method Not Allowed", ""),
        ("address", 301, "", "", ""),
        ("address", 307, "", "", ""),
        ("setting", 400, "invalid_value", "max_tokens is too large: 1024. At most 512.", "max_tokens"),
        ("setting", 400, "", "Invalid max_tokens value, the valid range of max_tokens is [1, 8192]", ""),
        ("setting", 422, "", "Input should be less than 2", "temperature"),
        ("setting", 400, "", "unsupported", "response_format.json_schema"),
        ("request", 400, "", "messages: bad", ""),
        ("request", 400, "", "messages[0].content is too odd", "messages[0].content"),
        ("request", 400, "content_filter", "filtered", ""),
        ("request", 403, "", "Your chosen model requires moderation and your input was flagged", ""),
        ("request", 429, "rate_limit_exceeded", "You exceeded your current quota, slow down", ""),
        ("request", 500, "", "on fire", ""),
        ("request", 503, "", "no model is loaded yet", ""),
        ("request", 400, "", "the balance of the scales is hers, and no funds were named", ""),
    ],
)
def test_what_a_refusal_says_about_the_other_calls(fault, status, code, said, parameter):
    assert fault_of(status, code, said, parameter, SETTINGS) == fault
    assert ModelError("x", fault=fault).concerns_all is (fault != "request")


@pytest.mark.parametrize(
    ("said", "allowed"),
    [
        ("max_tokens is too large: 1024. This model supports at most 512 tokens, you gave 1024.", "512"),
        ("Invalid max_tokens value, the valid range of max_tokens is [1, 1,000]", "1000"),
        ("max_tokens: 1024 > 768, which is the maximum allowed", "768"),
        ("max_tokens must be positive", "N"),
        ("max_tokens: 2048 was meant", "N"),
    ],
)
def test_a_length_that_is_refused_names_the_one_to_set(said, allowed):
    setting = refused_setting(said, "", SETTINGS)
    message = explain("setting", PLACE, 400, said=said, setting=setting, asked=1024)
    assert message.endswith(f"add ?max_tokens={allowed} to the model's name")


@pytest.mark.parametrize(
    ("fault", "status", "says"),
    [
        ("credit", 402, "the account behind NEGOSIM_API_KEY is out of credit (status 402); add credit"),
        ("key", 401, "refused the key in NEGOSIM_API_KEY (status 401)"),
        ("key", 407, "the proxy wants other credentials"),
        ("model", 404, "http://h/v1 has no model 'm', or the URL is wrong"),
        ("address", 308, "redirects elsewhere (status 308); give the URL it redirects to"),
        ("address", 405, "takes no chat completions (status 405); correct the URL"),
        ("outage", 500, "resume when it is up again"),
        ("request", 400, "openai:m@http://h/v1: the server rejected the request (status 400)"),
    ],
)
def test_every_fault_says_what_to_do_and_quotes_nothing(fault, status, says):
    message = explain(fault, PLACE, status, said="CANARY 99")
    assert says in message
    assert "CANARY" not in message


def test_what_a_server_says_is_shown_and_never_kept():
    error = ModelError("rejected (status 400)", said="the brief reads: sell at 12")
    assert str(error) == "rejected (status 400); the server says: the brief reads: sell at 12"
    assert error.for_record == "rejected (status 400)"
