import nftables kinds/ipset.txt
