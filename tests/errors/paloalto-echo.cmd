render paloalto-echo.yaml -t edge:set --print
