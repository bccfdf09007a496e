render dnsmasq-shut.yaml -t node:script --print
