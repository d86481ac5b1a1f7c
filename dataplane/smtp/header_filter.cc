#include "dataplane/smtp/header_filter.h"

#include <cstring>

#include "dataplane/smtp/ascii.h"

namespace gatepost::dataplane {

namespace {

constexpr size_t kNameMax = 128;      // octets; the longest registered one has 39
constexpr size_t kResultsMax = 1024;  // octets up to the end of the authserv-id
constexpr std::string_view kOldPrefix = "X-Old-";

bool is_space(uint8_t octet) {
    return octet == ' ' || octet == '\t';
}

bool is_white(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

// RFC 5322 §3.2.2: the octets of white space and comments in front; npos: a comment without end.
size_t cfws_length(std::string_view text) {
    size_t depth = 0;
    for (size_t i = 0; i < text.size(); ++i) {
        if (depth != 0 && text[i] == '\\')
            ++i;
        else if (text[i] == '(')
            ++depth;
        else if (depth != 0 && text[i] == ')')
            --depth;
        else if (depth == 0 && !is_white(text[i]))
            return i;
    }
    return depth == 0 ? text.size() : std::string_view::npos;
}

}  // namespace

std::string authserv_id_of(std::string_view value) {
    const size_t begin = cfws_length(value);
    if (begin == std::string_view::npos) return {};
    value.remove_prefix(begin);
    std::string id;
    if (value.starts_with('"')) {
        for (size_t i = 1; i < value.size(); ++i) {
            if (value[i] == '"') return id;
            if (value[i] == '\\' && ++i == value.size()) break;
            id += value[i];
        }
        return {};
    }
    for (char c : value) {
        if (is_white(c) || c == ';' || c == '(') break;
        id += c;
    }
    return id;
}

size_t HeaderFilter::take(Bytes octets, std::vector<uint8_t>& out) {
    size_t used = 0;
    while (used < octets.size() && state_ != State::ended) used += step(octets.subspan(used), out);
    const Bytes section = octets.first(used);
    line_ends_.take(section);
    has_nul_ = has_nul_ || (used != 0 && std::memchr(section.data(), 0, used) != nullptr);
    return used;
}

// Some octets of one state; 0: the section ended in front of them.
size_t HeaderFilter::step(Bytes octets, std::vector<uint8_t>& out) {
    const uint8_t octet = octets.front();
    switch (state_) {
        case State::line_start:
            state_ = take_line_start(octet, out);
            return state_ == State::ended ? 0 : 1;
        case State::name:
            state_ = take_name(octet, out);
            return state_ == State::ended ? 0 : 1;
        case State::empty_line:
            // A CR that ends nothing has been seen by line_ends_.
            held_ += static_cast<char>(octet);
            release(out);
            state_ = State::ended;
            return 1;
        case State::value: {
            const auto* lf =
                static_cast<const uint8_t*>(std::memchr(octets.data(), '\n', octets.size()));
            const size_t length =
                lf == nullptr ? octets.size() : static_cast<size_t>(lf - octets.data()) + 1;
            out.insert(out.end(), octets.begin(), octets.begin() + static_cast<ptrdiff_t>(length));
            if (lf != nullptr) state_ = State::line_start;
            return length;
        }
        case State::results:
            state_ = take_results(octet, out);
            return 1;
        case State::results_line_start:
            if (is_space(octet)) {  // RFC 5322 §2.2.3: the field goes on
                state_ = take_results(octet, out);
                return 1;
            }
            decide_results(out);
            state_ = take_line_start(octet, out);
            return state_ == State::ended ? 0 : 1;
        case State::ended:
            break;
    }
    return 0;
}

HeaderFilter::State HeaderFilter::take_line_start(uint8_t octet, std::vector<uint8_t>& out) {
    if (octet == '\r') {
        held_ += '\r';
        return State::empty_line;
    }
    if (is_space(octet)) {
        // RFC 5322 §2.2.3: a field's further line; in front of all fields there is none to go on.
        if (fields_ == 0) return break_off(out);
        out.push_back(octet);
        return State::value;
    }
    return take_name(octet, out);
}

HeaderFilter::State HeaderFilter::take_name(uint8_t octet, std::vector<uint8_t>& out) {
    if (octet == ':' && !held_.empty()) {
        held_ += ':';
        return classify(out);
    }
    // RFC 5322 §4.5 (obsolete): spaces between a name and its colon.
    const bool after_space = !held_.empty() && is_space(static_cast<uint8_t>(held_.back()));
    const bool belongs = is_space(octet)
                             ? !held_.empty()
                             : octet > ' ' && octet < 0x7f && octet != ':' && !after_space;
    if (!belongs || held_.size() == kNameMax) return break_off(out);
    held_ += static_cast<char>(octet);
    return State::name;
}

// held_ is a name with its colon.
HeaderFilter::State HeaderFilter::classify(std::vector<uint8_t>& out) {
    std::string_view name(held_);
    name.remove_suffix(1);
    while (is_space(static_cast<uint8_t>(name.back()))) name.remove_suffix(1);
    ++fields_;
    if (equal_ignoring_case(name, "Authentication-Results")) {
        value_at_ = held_.size();
        return State::results;
    }
    received_ += equal_ignoring_case(name, "Received") ? 1 : 0;
    has_date_ = has_date_ || equal_ignoring_case(name, "Date");
    has_message_id_ = has_message_id_ || equal_ignoring_case(name, "Message-ID");
    if (equal_ignoring_case(name, kFilterField)) held_.insert(0, kOldPrefix);
    release(out);
    return State::value;
}

HeaderFilter::State HeaderFilter::take_results(uint8_t octet, std::vector<uint8_t>& out) {
    held_ += static_cast<char>(octet);
    if (octet == '\n') return State::results_line_start;
    if (octet == ';') {
        decide_results(out);
        return State::value;
    }
    if (held_.size() < kResultsMax) return State::results;
    // The id may have come in part only.
    held_.insert(0, kOldPrefix);
    release(out);
    return State::value;
}

// RFC 8601 §5: nobody else speaks for us. Where it cannot be told who speaks, neither.
void HeaderFilter::decide_results(std::vector<uint8_t>& out) {
    std::string id = authserv_id_of(std::string_view(held_).substr(value_at_));
    if (id.ends_with('.')) id.pop_back();
    if (id.empty() || equal_ignoring_case(id, results_id_)) held_.insert(0, kOldPrefix);
    release(out);
}

// What is held begins the body.
HeaderFilter::State HeaderFilter::break_off(std::vector<uint8_t>& out) {
    out.push_back('\r');
    out.push_back('\n');
    release(out);
    return State::ended;
}

void HeaderFilter::release(std::vector<uint8_t>& out) {
    out.insert(out.end(), held_.begin(), held_.end());
    held_.clear();
}

void HeaderFilter::finish(std::vector<uint8_t>& out) {
    line_ends_.finish();
    if (state_ == State::results || state_ == State::results_line_start)
        decide_results(out);
    else if (state_ == State::name)
        break_off(out);
    else
        release(out);
    state_ = State::ended;
}

}  // namespace gatepost::dataplane
