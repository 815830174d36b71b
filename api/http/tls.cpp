#include "api/http/tls.hpp"

#include <boost/asio/ssl/context.hpp>
#include <openssl/ssl.h>

namespace sluice::http {

namespace ssl = boost::asio::ssl;

Result<std::shared_ptr<ssl::context>>
load_tls(const std::filesystem::path& certificate, const std::filesystem::path& key) {
    auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
    boost::system::error_code code;
    context->set_options(
        ssl::context::default_workarounds | ssl::context::no_sslv2 | ssl::context::no_sslv3 |
            ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1 | ssl::context::no_compression,
        code
    );
    SSL_CTX_set_options(context->native_handle(), SSL_OP_NO_RENEGOTIATION);
    context->use_certificate_chain_file(certificate.string(), code);
    if (code)
        return std::unexpected(
            Error{Remedy::operator_acts, code, "cannot use the certificate " + certificate.string()}
        );
    context->use_private_key_file(key.string(), ssl::context::pem, code);
    if (code)
        return std::unexpected(Error{
            Remedy::operator_acts,
            code,
            "cannot use the key " + key.string() + " (does it belong to the certificate?)"
        });
    return context;
}

}  // namespace sluice::http
