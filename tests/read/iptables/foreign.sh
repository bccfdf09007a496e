#!/bin/sh
iptables -A INPUT -j DROP
