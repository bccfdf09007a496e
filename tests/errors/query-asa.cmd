query query-asa.yaml 'tcp lab/10.1.0.1 -> 192.0.2.1:443' -t edge
