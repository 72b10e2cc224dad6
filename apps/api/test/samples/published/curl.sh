curl -X POST "https://andamio-api-308006323670.us-central1.run.app/api/v1/apikey/request" \
-H "Content-Type: application/json" \
-H "Authorization: Bearer YOUR_JWT_TOKEN" \
-d '{
"api_key_name": "MyFirstKey"
}'
