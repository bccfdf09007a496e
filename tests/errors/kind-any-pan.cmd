import paloalto kinds/any.txt
