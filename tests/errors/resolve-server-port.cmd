resolve render.yaml --server 192.0.2.53:0
