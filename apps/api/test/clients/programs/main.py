import json
import os

import openapi_client as andamio
from openapi_client.exceptions import ApiException

token = os.environ["TOKEN"]
# The first is for a client of OpenAPI 3.1, the second for one of Swagger 2.0.
configuration = andamio.Configuration(
    access_token=token, api_key={"BearerAuth": f"Bearer {token}"}
)
keys = andamio.APIKeyApi(andamio.ApiClient(configuration))
body = andamio.RequestApiKeyBody(api_key_name="generated", expires_in_days=30)
issued = keys.request_api_key_auth(body)
configuration.api_key["ApiKeyAuth"] = issued.api_key
verified = keys.verify_api_key()
user = andamio.UserApi(andamio.ApiClient(configuration)).get_user()
try:
    keys.request_api_key_auth(body)
    raise SystemExit("The second request did not fail.")
except ApiException as error:
    refusal = error
print(
    json.dumps(
        {
            "key": issued.api_key,
            "days": issued.expires_in_days,
            "owner": verified.user_id,
            "listed": user.active_keys[0].name,
            "alias": user.alias,
            "status": refusal.status,
            "details": json.loads(refusal.body)["details"],
        }
    )
)
