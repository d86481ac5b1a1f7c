#include "dataplane/pop3/header_downgrade.h"

#include <algorithm>
#include <utility>

#include "dataplane/mail/header_field.h"
#include "dataplane/mail/mail_limits.h"
#include "dataplane/pop3/downgrade_field.h"
#include "dataplane/pop3/downgrade_words.h"
#include "storage/base/ascii.h"

namespace gatepost::dataplane {

Bytes HeaderDowngrade::take(Bytes octets) {
    if (in_body_) return octets;
    out_.clear();
    while (!octets.empty() && !in_body_) {
        if (begins_line_ && !is_blank(static_cast<char>(octets[0]))) end_field();
        const auto lf = std::ranges::find(octets, '\n');
        begins_line_ = lf != octets.end();
        const auto size = static_cast<size_t>(lf - octets.begin()) + (begins_line_ ? 1 : 0);
        add_to_field({reinterpret_cast<const char*>(octets.data()), size});
        octets = octets.subspan(size);
        if (field_ != "\r\n" && field_ != "\n") continue;
        end_field();
        in_body_ = true;
    }
    out_.append(reinterpret_cast<const char*>(octets.data()), octets.size());
    return {reinterpret_cast<const uint8_t*>(out_.data()), out_.size()};
}

Bytes HeaderDowngrade::finish() {
    out_.clear();
    end_field();
    return {reinterpret_cast<const uint8_t*>(out_.data()), out_.size()};
}

void HeaderDowngrade::add_to_field(std::string_view octets) {
    // What is held has its bound. Nothing of such a field is looked at any more, up to the line
    // that begins another one.
    if (!too_long_ && field_.size() + octets.size() > kFieldOctetsMax) {
        too_long_ = true;
        out_ += masked(std::exchange(field_, {}));
    }
    if (too_long_)
        out_ += masked(octets);
    else
        field_ += octets;
}

void HeaderDowngrade::end_field() {
    too_long_ = false;
    const std::string field = std::exchange(field_, {});
    if (is_ascii(field)) {
        out_ += field;
        return;
    }
    const std::string ascii = downgrade_field(field, charsets_);
    grown_ += static_cast<int64_t>(ascii.size()) - static_cast<int64_t>(field.size());
    out_ += ascii;
}

}  // namespace gatepost::dataplane
