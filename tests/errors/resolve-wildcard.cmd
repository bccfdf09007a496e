resolve render.yaml '*.example.com' --server 127.0.0.1:9
