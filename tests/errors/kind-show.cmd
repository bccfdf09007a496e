import cisco-asa kinds/show.txt
