import nftables kinds/ufw.txt
