#include "tests/unit/stream_deflate/deflate_peer.h"

#include <zlib.h>

#include <array>

namespace gatepost::tests {

DeflatePeer::DeflatePeer(int level, int window_bits)
    : out_(std::make_unique<z_stream>()), in_(std::make_unique<z_stream>()) {
    ::deflateInit2(out_.get(), level, Z_DEFLATED, -window_bits, 8, Z_DEFAULT_STRATEGY);
    ::inflateInit2(in_.get(), -15);
}

DeflatePeer::~DeflatePeer() {
    ::deflateEnd(out_.get());
    ::inflateEnd(in_.get());
}

std::string DeflatePeer::deflate(std::string_view octets, int flush) {
    std::string made;
    std::array<char, 4096> room;
    out_->next_in = reinterpret_cast<Bytef*>(const_cast<char*>(octets.data()));
    out_->avail_in = static_cast<uInt>(octets.size());
    do {
        out_->next_out = reinterpret_cast<Bytef*>(room.data());
        out_->avail_out = room.size();
        ::deflate(out_.get(), flush);
        made.append(room.data(), room.size() - out_->avail_out);
    } while (out_->avail_out == 0);
    return made;
}

std::string DeflatePeer::deflate(std::string_view octets) {
    return deflate(octets, Z_SYNC_FLUSH);
}

std::string DeflatePeer::deflate_unflushed(std::string_view octets) {
    return deflate(octets, Z_NO_FLUSH);
}

std::string DeflatePeer::deflate_last(std::string_view octets) {
    return deflate(octets, Z_FINISH);
}

std::string DeflatePeer::inflate(std::string_view octets) {
    if (ended_) return std::string(octets);
    std::string made;
    std::array<char, 4096> room;
    in_->next_in = reinterpret_cast<Bytef*>(const_cast<char*>(octets.data()));
    in_->avail_in = static_cast<uInt>(octets.size());
    int code = Z_OK;
    do {
        in_->next_out = reinterpret_cast<Bytef*>(room.data());
        in_->avail_out = room.size();
        code = ::inflate(in_.get(), Z_SYNC_FLUSH);
        made.append(room.data(), room.size() - in_->avail_out);
    } while (code == Z_OK && in_->avail_out == 0);
    ended_ = code == Z_STREAM_END;
    broken_ = code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR;
    if (ended_) made.append(reinterpret_cast<const char*>(in_->next_in), in_->avail_in);
    return made;
}

}  // namespace gatepost::tests
