import cisco-asa kinds/ios.cfg
