import requests
url = "https://andamio-api-308006323670.us-central1.run.app/api/v1/apikey/request"
body = {
"api_key_name": "MyFirstKey"
}
response = requests.request("POST", url, json = body, headers = {
"Content-Type": "application/json",
"Authorization": "Bearer YOUR_JWT_TOKEN"
})
print(response.text)
