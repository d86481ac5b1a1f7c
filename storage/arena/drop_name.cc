#include "storage/arena/drop_name.h"

namespace gatepost::storage {

std::string_view drop_name(Drop reason) {
    switch (reason) {
        case Drop::runt:
            return "runt";
        case Drop::not_a_query:
            return "not_a_query";
        case Drop::reply_overflow:
            return "reply_overflow";
        case Drop::send_failed:
            return "send_failed";
        case Drop::source_port_zero:
            return "source_port_zero";
        case Drop::tcp_limit:
            return "tcp_limit";
        case Drop::tcp_idle:
            return "tcp_idle";
        case Drop::tcp_framing:
            return "tcp_framing";
        case Drop::receive_overflow:
            return "receive_overflow";
        case Drop::rate_limited:
            return "rate_limited";
        case Drop::frame_malformed:
            return "frame_malformed";
        case Drop::frame_protocol:
            return "frame_protocol";
        case Drop::frame_fragment:
            return "frame_fragment";
        case Drop::frame_checksum:
            return "frame_checksum";
        case Drop::frame_source:
            return "frame_source";
        case Drop::frame_destination:
            return "frame_destination";
        case Drop::transmit_full:
            return "transmit_full";
    }
    return "unknown";
}

}  // namespace gatepost::storage
