#include "tools/load/mail/mail_addresses.h"

#include <fmt/format.h>

namespace gatepost::tools {

namespace {

constexpr std::string_view kNumber = "%d";
constexpr size_t kPathMax = 254;  // octets: RFC 5321 §4.5.3.1.3 has 256 with the angle brackets

}  // namespace

std::string with_number(std::string_view pattern, uint64_t number) {
    const size_t at = pattern.find(kNumber);
    if (at == std::string_view::npos) return std::string(pattern);
    return fmt::format("{}{}{}", pattern.substr(0, at), number,
                       pattern.substr(at + kNumber.size()));
}

Status RecipientList::add(std::string address) {
    // What would end the command or the path is refused; all else is the server's to judge.
    if (address.empty() || address.size() > kPathMax ||
        address.find_first_of("<>\r\n\t ") != std::string::npos)
        return fail(ErrorCode::usage, "\"{}\" is no address: 1 to {} octets, no blanks, no <>",
                    address, kPathMax);
    addresses_.push_back(std::move(address));
    return {};
}

Result<RecipientList> RecipientList::from_list(std::string_view text) {
    RecipientList list;
    for (size_t begin = 0; begin <= text.size();) {
        const size_t end = std::min(text.find(',', begin), text.size());
        if (Status added = list.add(std::string(text.substr(begin, end - begin))); !added)
            return tl::unexpected(std::move(added).error());
        begin = end + 1;
    }
    return list;
}

Result<RecipientList> RecipientList::from_pattern(std::string_view pattern, uint64_t count) {
    if (pattern.find(kNumber) == std::string_view::npos)
        return fail(ErrorCode::usage, "\"{}\" has no %d where the number is to stand", pattern);
    RecipientList list;
    list.addresses_.reserve(count);
    for (uint64_t number = 1; number <= count; ++number)
        if (Status added = list.add(with_number(pattern, number)); !added)
            return tl::unexpected(std::move(added).error());
    return list;
}

}  // namespace gatepost::tools
