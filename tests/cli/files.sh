# Files that are not there, not what they should be, or cannot be written.
exec 2>&1
code weyl eval nowhere
code weyl audit nowhere
code weyl data info nowhere.npz
code weyl data info nowhere.extxyz
head -c 300 /dev/urandom > garbage.npz
weyl data info garbage.npz > /dev/null 2> message; echo "exit $?"; grep -c garbage.npz message
printf 'not numbers\n' > garbage.extxyz
weyl data info garbage.extxyz > /dev/null 2> message; echo "exit $?"; grep -c garbage.extxyz message
weyl data make nbody --set train=8 --set valid=4 --set test=4 --out small.npz -q > /dev/null
head -c 700 small.npz > cut.npz
weyl data info cut.npz > /dev/null 2> message; echo "exit $?"; grep -c cut.npz message
mkdir broken
printf '[run]\nformat = 1\n' > broken/config.ini
weyl eval broken > /dev/null 2> message; echo "exit $?"; [ -s message ] && echo "said why"
weyl train dynamics --out run > /dev/null 2> message; echo "exit $?"; grep -c -- --data message
weyl train dynamics --data nowhere.npz --out run > /dev/null 2> message; echo "exit $?"; grep -c nowhere.npz message
[ ! -e run/model.safetensors ] && echo "nothing half-written"
: > file
weyl data make nbody --set train=8 --set valid=4 --set test=4 --out file/x.npz > /dev/null 2> message; echo "exit $?"; grep -c file/x.npz message
weyl data make nbody --set train=8 --set valid=4 --set test=4 --out /dev/full > /dev/null 2> message; echo "exit $?"; grep -c /dev/full message
weyl train nbody --set train=8 --set valid=4 --set test=4 --epochs 1 --out file/run > /dev/null 2> message; echo "exit $?"; grep -c 'not a folder' message
if [ -w /dev/full ]; then
  weyl version > /dev/full 2> message; echo "exit $?"; grep -c 'standard output' message
fi
