resolve render.yaml --max-addresses 0 --server 127.0.0.1:9
