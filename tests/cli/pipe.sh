# A reader that goes away is no reason to complain.
weyl help train 2> message | head -n 1
cat message
weyl group sample "SO(3)" --count 20000 2> message | head -n 1
cat message
