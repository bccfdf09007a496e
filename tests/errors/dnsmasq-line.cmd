render dnsmasq-line.yaml -t node --print
