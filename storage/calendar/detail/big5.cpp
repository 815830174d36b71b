#include "storage/calendar/detail/big5.hpp"

#include <iconv.h>

namespace sluice::calendar::detail {
namespace {

class Converter {
public:
    Converter() : handle_(::iconv_open("UTF-8", "BIG5")) {}
    ~Converter() {
        if (is_open()) ::iconv_close(handle_);
    }
    Converter(const Converter&) = delete;
    Converter& operator=(const Converter&) = delete;

    // NOLINTNEXTLINE(performance-no-int-to-ptr,cppcoreguidelines-pro-type-cstyle-cast): POSIX: (iconv_t)-1
    [[nodiscard]] bool is_open() const { return handle_ != reinterpret_cast<iconv_t>(-1); }
    [[nodiscard]] iconv_t get() const { return handle_; }

private:
    iconv_t handle_;
};

}  // namespace

std::optional<std::string> from_big5(std::string_view bytes) {
    const Converter converter;
    if (!converter.is_open()) return std::nullopt;
    std::string source{bytes};
    // A character of Big5 has one or two bytes, one of UTF-8 at most three.
    std::string text(bytes.size() * 3, '\0');
    char* from = source.data();
    std::size_t left = source.size();
    char* to = text.data();
    std::size_t room = text.size();
    if (::iconv(converter.get(), &from, &left, &to, &room) == static_cast<std::size_t>(-1) || left != 0)
        return std::nullopt;
    text.resize(text.size() - room);
    return text;
}

}  // namespace sluice::calendar::detail
