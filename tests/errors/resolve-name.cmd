resolve render.yaml exmple.com --server 127.0.0.1:9
