// Boost.Asio's own code, compiled once here.
#include <boost/asio/impl/src.hpp>
