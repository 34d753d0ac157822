"""Runs a command on a terminal of a given size, and prints what it wrote there.

usage: terminal.py COLUMNS|none MILLISECONDS|never COMMAND...
The command's exit code is the script's; after MILLISECONDS it is sent Ctrl-C, as a person types it. It is killed after
12 s, or when it has written 3 MB: exit code 125. The last byte of a Ctrl-C and the end are told on stderr.
"""
import fcntl, os, pty, select, signal, struct, sys, termios, time

columns, after = sys.argv[1], sys.argv[2]
begin_read, begin_write = os.pipe()
pid, terminal = pty.fork()
if pid == 0:
    os.read(begin_read, 1)
    os.execvp(sys.argv[3], sys.argv[3:])
if columns != 'none':
    rows = 0 if columns == '0' else 24
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack('HHHH', rows, int(columns), 0, 0))
os.write(begin_write, b'x')
started = time.monotonic()
typed = None
size = 0
lost = False
while True:
    now = time.monotonic() - started
    if after != 'never' and typed is None and now * 1000 >= int(after):
        os.write(terminal, b'\x03')
        typed = time.monotonic()
    if now > 12 or size > 3_000_000:
        os.kill(pid, signal.SIGKILL)
        lost = True
        break
    ready, _, _ = select.select([terminal], [], [], 0.02)
    if ready:
        try:
            data = os.read(terminal, 65536)
        except OSError:
            break
        if not data:
            break
        size += len(data)
        if size < 500_000:
            os.write(1, data)
_, status = os.waitpid(pid, 0)
if typed is not None:
    sys.stderr.write('%d\n' % ((time.monotonic() - typed) * 1000))
sys.exit(125 if lost else os.waitstatus_to_exitcode(status) & 255)
