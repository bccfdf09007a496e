resolve render.yaml --tries 0 --server 127.0.0.1:9
