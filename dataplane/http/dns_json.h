// DNS as JSON, in the form that Google's and Cloudflare's resolvers have made common: a query from
// the parameters of a URL, a reply as an object.
#pragma once

#include <string_view>

#include "dataplane/http/text_writer.h"
#include "storage/base/bytes.h"
#include "storage/base/error.h"

namespace gatepost::dataplane {

// name= (needed), type= (number or mnemonic, A), do= and cd= (1, 0, true, false). Writes the query,
// with an id of 0, into `room` of at least 512 octets and gives its length. The error says what is
// wrong with which parameter.
Result<uint16_t> json_query(std::string_view parameters, uint8_t* room);

// The reply as an object; nothing is written, and false given, where it is malformed.
bool write_json_reply(Bytes reply, TextWriter& out);

}  // namespace gatepost::dataplane
