// Short ways to write keys of SEARCH.
#pragma once

#include <string>
#include <vector>

#include "dataplane/imap_syntax/search_key.h"

namespace gatepost::tests {

using Kind = dataplane::SearchKey::Kind;

inline dataplane::SearchKey key(Kind kind) {
    return {.kind = kind};
}
inline dataplane::SearchKey list_key(Kind kind, std::vector<dataplane::SearchKey> children) {
    return {.kind = kind, .children = std::move(children)};
}
inline dataplane::SearchKey not_key(dataplane::SearchKey child) {
    return list_key(Kind::none_of, {std::move(child)});
}
inline dataplane::SearchKey flag_key(uint8_t flag) {
    return {.kind = Kind::flag, .flag = flag};
}
inline dataplane::SearchKey text_key(Kind kind, std::string text) {
    return {.kind = kind, .text = std::move(text)};
}
inline dataplane::SearchKey header_key(std::string field, std::string text) {
    return {.kind = Kind::header, .field = std::move(field), .text = std::move(text)};
}
inline dataplane::SearchKey number_key(Kind kind, uint64_t number) {
    return {.kind = kind, .number = number};
}
inline dataplane::SearchKey day_key(Kind kind, int32_t day) {
    return {.kind = kind, .day = day};
}
inline dataplane::SearchKey set_key(Kind kind, std::vector<dataplane::SequenceRange> ranges,
                                    bool saved = false) {
    return {.kind = kind, .set = {std::move(ranges), saved}};
}

}  // namespace gatepost::tests
