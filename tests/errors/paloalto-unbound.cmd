render paloalto-unbound.yaml -t edge:set --print
