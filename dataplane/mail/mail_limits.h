// How much of a message its summary takes notice of. What is beyond a limit is octets like any
// others: it is stored and counted, and the summary says that it has been cut short.
#pragma once

#include <cstddef>

namespace gatepost::dataplane {

// Parts of a message. A mailing list's digest has some hundreds.
inline constexpr size_t kPartsMax = 1000;
// Multiparts and messages within one another: every open one is compared with every line that
// begins with "--", so this bounds the work per line. No forwarded mail comes near it.
inline constexpr size_t kPartDepthMax = 100;
// RFC 2046 §5.1.1 allows 70 octets; programs that take no notice of it stay below this.
inline constexpr size_t kBoundaryMax = 200;
// Octets of one header whose fields are looked at; those of messages in use stay below 64 KiB.
inline constexpr size_t kHeaderOctetsMax = size_t{256} << 10;
// Octets of all headers of a message, those of its parts included: it bounds the summary.
inline constexpr size_t kAllHeadersOctetsMax = size_t{1} << 20;
// Octets of one field, folding included; a list of 1,000 addresses takes some 40 KiB.
inline constexpr size_t kFieldOctetsMax = size_t{64} << 10;
// RFC 5322 §2.1.1: no line, thus no field name, is longer than 998 octets.
inline constexpr size_t kFieldNameOctetsMax = 998;
// Fields of the message header whose places are kept.
inline constexpr size_t kHeaderFieldsMax = 1000;
// Addresses of one field, and of all envelopes of a message: SMTP carries 1,000 recipients at once.
inline constexpr size_t kFieldAddressesMax = 1000;
inline constexpr size_t kMessageAddressesMax = 10000;
// Parameters of one field, each section of RFC 2231 being one: a name of 255 octets, three
// characters for each, in lines of 76, takes 11.
inline constexpr size_t kParametersMax = 64;
// Languages of one part (RFC 3282).
inline constexpr size_t kLanguagesMax = 16;
// A line that is longer is no boundary, with whatever white space behind it (RFC 2046 §5.1.1).
inline constexpr size_t kDelimiterLineOctetsMax = 1000;
// Octets of a body that the preview is made of. Of plain text: 200 characters of three octets, each
// of which takes three as quoted-printable. HTML has much markup before its text.
inline constexpr size_t kPreviewPlainOctetsMax = size_t{2} << 10;
inline constexpr size_t kPreviewHtmlOctetsMax = size_t{8} << 10;
// RFC 8970 §3.1: "SHOULD NOT exceed 200 characters", at most 256.
inline constexpr size_t kPreviewCharactersMax = 200;
// Octets of all attachment names together, as UTF-8.
inline constexpr size_t kAttachmentNamesOctetsMax = size_t{64} << 10;

}  // namespace gatepost::dataplane
