#include "dataplane/pop3/pop3_text.h"

#include <cstring>

namespace gatepost::dataplane {

bool Pop3Text::end_line(bool empty) {
    line_octets_ = 0;
    after_cr_ = false;
    if (!in_header_)
        done_ = --lines_left_ == 0;
    else if (empty) {
        in_header_ = false;
        done_ = lines_left_ == 0;
    }
    return !done_;
}

bool Pop3Text::add(Bytes octets, std::string& out) {
    if (done_) return false;
    while (!octets.empty()) {
        if (line_octets_ == 0 && octets[0] == '.') out += '.';
        const auto* lf =
            static_cast<const uint8_t*>(std::memchr(octets.data(), '\n', octets.size()));
        const size_t size = lf == nullptr ? octets.size() : static_cast<size_t>(lf - octets.data());
        out.append(reinterpret_cast<const char*>(octets.data()), size);
        line_octets_ += size;
        if (size != 0) after_cr_ = octets[size - 1] == '\r';
        if (lf == nullptr) return true;
        octets = octets.subspan(size + 1);
        out += after_cr_ ? "\n" : "\r\n";
        if (!end_line(line_octets_ == (after_cr_ ? 1 : 0))) return false;
    }
    return true;
}

void Pop3Text::finish(std::string& out) const {
    if (line_octets_ != 0) out += after_cr_ ? "\n" : "\r\n";
    out += ".\r\n";
}

}  // namespace gatepost::dataplane
