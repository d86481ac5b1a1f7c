// The settings of a mail program in the forms that programs understand. All that is not ours is
// escaped as XML asks for.
#pragma once

#include <string_view>

#include "dataplane/http/mail_client_settings.h"
#include "dataplane/http/text_writer.h"

namespace gatepost::dataplane {

inline constexpr std::string_view kAutoconfigType = "application/xml; charset=utf-8";
inline constexpr std::string_view kAutodiscoverType = "text/xml; charset=utf-8";
inline constexpr std::string_view kAppleProfileType = "application/x-apple-aspen-config";

// Mozilla's: clientConfig of version 1.1.
void write_autoconfig(const DomainClientSettings& settings, TextWriter& out);

// Outlook's: MS-OXDSCLI, the schema of 2006a.
void write_autodiscover_settings(const DomainClientSettings& settings, std::string_view address,
                                 TextWriter& out);
// `code`: 500 for an address that is not known, 601 for a schema that is not served.
void write_autodiscover_error(int code, std::string_view message, TextWriter& out);

// Apple's: a configuration profile with one account. The same address makes the same profile, so
// that it takes the place of the one before.
void write_apple_profile(const DomainClientSettings& settings, std::string_view address,
                         TextWriter& out);

}  // namespace gatepost::dataplane
