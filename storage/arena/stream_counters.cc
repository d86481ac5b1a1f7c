#include "storage/arena/stream_counters.h"

namespace gatepost::storage {

std::string_view stream_end_name(StreamEnd end) {
    switch (end) {
        case StreamEnd::peer:
            return "peer";
        case StreamEnd::server:
            return "server";
        case StreamEnd::reset:
            return "reset";
        case StreamEnd::idle:
            return "idle";
        case StreamEnd::deadline:
            return "deadline";
        case StreamEnd::not_read:
            return "not_read";
        case StreamEnd::tls_failed:
            return "tls_failed";
        case StreamEnd::protocol:
            return "protocol";
        case StreamEnd::proxy_header:
            return "proxy_header";
        case StreamEnd::listener_limit:
            return "listener_limit";
        case StreamEnd::source_limit:
            return "source_limit";
        case StreamEnd::prefix_limit:
            return "prefix_limit";
        case StreamEnd::no_memory:
            return "no_memory";
        case StreamEnd::drained:
            return "drained";
    }
    return "";
}

std::string_view tls_failure_name(TlsFailure failure) {
    switch (failure) {
        case TlsFailure::none:
            return "none";
        case TlsFailure::not_tls:
            return "not_tls";
        case TlsFailure::version:
            return "version";
        case TlsFailure::cipher:
            return "cipher";
        case TlsFailure::alpn:
            return "alpn";
        case TlsFailure::peer_alert:
            return "peer_alert";
        case TlsFailure::peer_closed:
            return "peer_closed";
        case TlsFailure::bad_record:
            return "bad_record";
        case TlsFailure::renegotiation:
            return "renegotiation";
        case TlsFailure::timeout:
            return "timeout";
        case TlsFailure::other:
            return "other";
    }
    return "";
}

}  // namespace gatepost::storage
