import cisco-asa kinds/any.txt
