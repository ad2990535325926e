#!/bin/sh
# What an RDP session runs: ~/.xsession if it is there, else a terminal and a window manager.
[ -r /etc/profile ] && . /etc/profile
[ -r "$HOME/.profile" ] && . "$HOME/.profile"
[ -x "$HOME/.xsession" ] && exec "$HOME/.xsession"
xterm -geometry 100x30+20+40 &
exec twm
