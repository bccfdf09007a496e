import nftables kinds/firewalld.txt
