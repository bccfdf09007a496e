explain paloalto-echo-known.yaml -t edge:set
