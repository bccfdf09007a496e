resolve render.yaml --timeout soon --server 127.0.0.1:9
