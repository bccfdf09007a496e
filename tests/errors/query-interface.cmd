query query-places.yaml 'tcp 10.1.0.1 -> a-very-long-name/192.0.2.1:443' -t router
