import paloalto kinds/braces.conf
