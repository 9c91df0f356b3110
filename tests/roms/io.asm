; Who may use a port: IOPL and the I/O permission bitmap. SDM 1 18.5, 3A 7.2, 3B 20.2.8, 2A IN, INS, 2B OUT, OUTS.
%include "lib/rom.inc"

; Ports that may be read and written without harm: the mask of the first 8259A (reads FFh), unused page registers of
; the DMA controller, the scratch register of COM1
PORT_MASK       equ 0x21
PORT_FREE       equ 0x84            ; 4 ports, their bits are the upper half of a byte of the bitmap
PORT_SCRATCH    equ 0x3ff

; Allows ports in the bitmap of TSS, which forbids all
%macro ALLOW 1-*
    %rep %0
        btr dword [TSS + TSS_BITMAP + ((%1) / 32) * 4], (%1) & 31
        %rotate 1
    %endrep
%endmacro

; ================ IOPL ================

; Protected mode: CPL <= IOPL may use all ports, whatever the bitmap; others only what it allows.
%macro IO_IOPL 2  ; CPL, IOPL
    %if %1 <= %2
CHECK io.in_at_cpl_%1_with_iopl_%2_does_not_ask_the_bitmap, "SDM 1 18.5.1"
    IN PM32, %1
    SET_FLAGS IOPL(%2)
CODE
    in al, PORT_MASK
EXPECT END
WANT eax, 0xa1a2a3ff
CHECK io.out_at_cpl_%1_with_iopl_%2_does_not_ask_the_bitmap, "SDM 1 18.5.1"
    IN PM32, %1
    SET_FLAGS IOPL(%2)
    PUT word [TSS + TSS_IOMAP], 0xffff
CODE
    out PORT_FREE, al
EXPECT END
    %else
CHECK io.in_at_cpl_%1_with_iopl_%2_is_gp_when_the_bit_is_set, "SDM 1 18.5.1, 2A IN"
    IN PM32, %1
    SET_FLAGS IOPL(%2)
CODE
    in al, PORT_MASK
EXPECT GP, 0
CHECK io.out_at_cpl_%1_with_iopl_%2_is_gp_when_the_bit_is_set, "SDM 1 18.5.1, 2B OUT"
    IN PM32, %1
    SET_FLAGS IOPL(%2)
CODE
    out PORT_FREE, al
EXPECT GP, 0
CHECK io.in_at_cpl_%1_with_iopl_%2_is_allowed_when_the_bit_is_clear, "SDM 1 18.5.2, 2A IN"
    IN PM32, %1
    SET_FLAGS IOPL(%2)
    ALLOW PORT_MASK
CODE
    in al, PORT_MASK
EXPECT END
WANT eax, 0xa1a2a3ff
    %endif
%endmacro
%assign cpl 0
%rep 4
    %assign iopl 0
    %rep 4
        IO_IOPL %[cpl], %[iopl]
        %assign iopl iopl + 1
    %endrep
    %assign cpl cpl + 1
%endrep

; Virtual-8086 mode: the bitmap alone decides.
%assign iopl 0
%rep 4
CHECK io.v86_in_with_iopl_%[iopl]_is_gp_when_the_bit_is_set, "SDM 3B 20.2.8.1"
    IN V86
    SET_FLAGS IOPL(iopl)
CODE
    in al, PORT_MASK
EXPECT GP, 0
CHECK io.v86_in_with_iopl_%[iopl]_is_allowed_when_the_bit_is_clear, "SDM 3B 20.2.8.1"
    IN V86
    SET_FLAGS IOPL(iopl)
    ALLOW PORT_MASK
CODE
    in al, PORT_MASK
EXPECT END
WANT eax, 0xa1a2a3ff
    %assign iopl iopl + 1
%endrep

; ================ every instruction ================

%macro IO_FORMS 5  ; mode, CPL, name of the mode, macro to call, its argument
    %4 %1, %2, %5, in_al_imm, 1, {in al, PORT_FREE}, 0xffffff00
    %4 %1, %2, %5, in_ax_imm, 2, {in ax, PORT_FREE}, 0xffff0000
    %4 %1, %2, %5, in_eax_imm, 4, {in eax, PORT_FREE}, 0
    %4 %1, %2, %5, in_al_dx, 1, {in al, dx}, 0xffffff00
    %4 %1, %2, %5, in_ax_dx, 2, {in ax, dx}, 0xffff0000
    %4 %1, %2, %5, in_eax_dx, 4, {in eax, dx}, 0
    %4 %1, %2, %5, out_imm_al, 1, {out PORT_FREE, al}, -1
    %4 %1, %2, %5, out_imm_ax, 2, {out PORT_FREE, ax}, -1
    %4 %1, %2, %5, out_imm_eax, 4, {out PORT_FREE, eax}, -1
    %4 %1, %2, %5, out_dx_al, 1, {out dx, al}, -1
    %4 %1, %2, %5, out_dx_ax, 2, {out dx, ax}, -1
    %4 %1, %2, %5, out_dx_eax, 4, {out dx, eax}, -1
%endmacro
%macro IO_STRINGS 5
    %4 %1, %2, %5, insb, 1, {insb}, edi
    %4 %1, %2, %5, insw, 2, {insw}, edi
    %4 %1, %2, %5, insd, 4, {insd}, edi
    %4 %1, %2, %5, outsb, 1, {outsb}, esi
    %4 %1, %2, %5, outsw, 2, {outsw}, esi
    %4 %1, %2, %5, outsd, 4, {outsd}, esi
    %4 %1, %2, %5, rep_insb, 1, {rep insb}, edi
    %4 %1, %2, %5, rep_outsd, 4, {rep outsd}, esi
%endmacro

; One forbidden bit of those that the width needs is enough.
%macro IO_FORBIDDEN 7  ; mode, CPL, which of the ports is forbidden, name, width, code, -
    %if %3 < %5
CHECK io.%4_in_%1_is_gp_when_port_%3_of_%5_is_forbidden, "SDM 1 18.5.2"
    IN %1, %2
    SET edx, PORT_FREE
    SET ecx, 1
    SET esi, 0x20
    SET edi, 0x20
    %assign number 0
    %rep %5
        %if number != %3
            ALLOW PORT_FREE + number
        %endif
        %assign number number + 1
    %endrep
CODE
    %6
EXPECT GP, 0
    %endif
%endmacro

%macro IO_ALLOWED 7  ; mode, CPL, -, name, width, code, bits of EAX that stay
CHECK io.%4_in_%1_is_allowed_when_its_bits_are_clear, "SDM 1 18.5.2"
    IN %1, %2
    SET edx, PORT_FREE
    %assign number 0
    %rep %5
        ALLOW PORT_FREE + number
        %assign number number + 1
    %endrep
CODE
    %6
EXPECT END
WANT_BITS eax, %7                   ; what is read is the device's
%endmacro

%macro IO_STRING_ALLOWED 7  ; mode, CPL, -, name, width, code, index
CHECK io.%4_in_%1_is_allowed_when_its_bits_are_clear, "SDM 1 18.5.2"
    IN %1, %2
    SET edx, PORT_FREE
    SET ecx, 1
    %ifidni %1, V86
        %assign string_base 0
    %else
        %assign string_base DATA
    %endif
    SET esi, string_base + 0x20
    SET edi, string_base + 0x20
    %assign number 0
    %rep %5
        ALLOW PORT_FREE + number
        %assign number number + 1
    %endrep
CODE
    %6
EXPECT END
WANT %7, string_base + 0x20 + %5
    %ifidni %4, rep_insb
        WANT ecx, 0
    %elifidni %4, rep_outsd
        WANT ecx, 0
    %endif
    %ifidni %7, edi
        WANT_ANY DATA + 0x20, %5    ; what is read is the device's
    %endif
%endmacro

IO_FORMS PM32, 3, 0, IO_FORBIDDEN, 0
IO_FORMS PM32, 3, 0, IO_FORBIDDEN, 1
IO_FORMS PM32, 3, 0, IO_FORBIDDEN, 2
IO_FORMS PM32, 3, 0, IO_FORBIDDEN, 3
IO_FORMS V86, 3, 0, IO_FORBIDDEN, 0
IO_FORMS V86, 3, 0, IO_FORBIDDEN, 3
IO_STRINGS PM32, 3, 0, IO_FORBIDDEN, 0
IO_STRINGS PM32, 3, 0, IO_FORBIDDEN, 3
IO_STRINGS V86, 3, 0, IO_FORBIDDEN, 0
IO_FORMS PM32, 3, 0, IO_ALLOWED, 0
IO_FORMS V86, 3, 0, IO_ALLOWED, 0
IO_STRINGS PM32, 3, 0, IO_STRING_ALLOWED, 0
IO_STRINGS V86, 3, 0, IO_STRING_ALLOWED, 0

CHECK io.in_16_bit_code_the_bitmap_is_the_same, "SDM 1 18.5.2"
    IN PM16, 3
CODE
    in al, PORT_MASK
EXPECT GP, 0

CHECK io.real_mode_has_no_protection, "SDM 1 18.5"
    IN REAL
CODE
    in al, PORT_MASK
EXPECT END
WANT eax, 0xa1a2a3ff

; ================ bits of the bitmap ================

; A word whose bits lie in two bytes
%macro IO_ACROSS 4  ; name, mode, allowed ports
CHECK io.word_across_two_bytes_%1_in_%2, "SDM 1 18.5.2"
    IN %2, 3
    ALLOW %3
    ALLOW %4
    SET edx, PORT_FREE + 3
CODE
    in ax, dx
%endmacro
%macro IO_ACROSS_BOTH 1
IO_ACROSS is_allowed_by_both, %1, PORT_FREE + 3, PORT_FREE + 4
EXPECT END
WANT_BITS eax, 0xffff0000
IO_ACROSS is_gp_by_the_first, %1, PORT_FREE + 4, PORT_FREE + 5
EXPECT GP, 0
IO_ACROSS is_gp_by_the_second, %1, PORT_FREE + 3, PORT_FREE + 2
EXPECT GP, 0
%endmacro
IO_ACROSS_BOTH PM32
IO_ACROSS_BOTH V86

; Each bit of a byte is its own port's: one is allowed, the reader of the others faults.
%assign number 0
%rep 8
CHECK io.bit_%[number]_allows_its_port, "SDM 1 18.5.2"
    ALLOW 0x20 + number
    SET edx, 0x20 + number
CODE
    in al, dx
EXPECT END
WANT_BITS eax, 0xffffff00
CHECK io.bit_%[number]_alone_forbids_its_port, "SDM 1 18.5.2"
    PUT byte [TSS + TSS_BITMAP + 4], 1 << number
    SET edx, 0x20 + number
CODE
    in al, dx
EXPECT GP, 0
    %assign number number + 1
%endrep

CHECK io.bits_of_other_ports_do_not_count, "SDM 1 18.5.2"
    ALLOW PORT_SCRATCH
    mov dx, PORT_SCRATCH
    mov al, 0x5a
    out dx, al
    SET edx, PORT_SCRATCH
CODE
    in al, dx
EXPECT END
WANT eax, 0xa1a2a35a

; ================ place and limit of the bitmap ================

; PORT_MASK has its bit in byte 4 of the bitmap. Two bytes are always read (SDM 1 18.5.2), also when the access
; needs the first only.
%macro IO_MAP 3  ; name, offset of the bitmap, mode
CHECK io.%1_in_%3, "SDM 1 18.5.2"
    IN %3, 3
    mov edi, TSS + TSS_BITMAP       ; all ports are allowed, wherever the bitmap begins
    mov ecx, (TSS_LIMIT + 1 - TSS_BITMAP + 3) / 4
    xor eax, eax
    rep stosd
    PUT word [TSS + TSS_IOMAP], %2
CODE
    in al, PORT_MASK
%endmacro
%macro IO_MAPS 1
IO_MAP second_byte_at_the_limit_is_allowed, TSS_LIMIT - 5, %1
EXPECT END
WANT eax, 0xa1a2a3ff
IO_MAP second_byte_beyond_the_limit_is_gp, TSS_LIMIT - 4, %1
EXPECT GP, 0
IO_MAP first_byte_beyond_the_limit_is_gp, TSS_LIMIT - 3, %1
EXPECT GP, 0
IO_MAP bitmap_beyond_the_limit_is_gp, TSS_LIMIT + 1, %1
EXPECT GP, 0
IO_MAP bitmap_at_ffff_is_gp, 0xffff, %1
EXPECT GP, 0
IO_MAP bitmap_may_overlap_the_tss, TSS_ESP1 - 4, %1     ; 6C00h: bit 1 of the first byte is clear
EXPECT END
WANT eax, 0xa1a2a3ff
IO_MAP bitmap_may_lie_anywhere, TSS_BITMAP + 0x21, %1
EXPECT END
WANT eax, 0xa1a2a3ff
%endmacro
IO_MAPS PM32
IO_MAPS V86

CHECK io.port_ffff_is_beyond_the_bitmap, "SDM 1 18.5.2"
    SET edx, 0xffff
CODE
    in al, dx
EXPECT GP, 0

CHECK io.ports_beyond_a_short_bitmap_are_gp, "SDM 1 18.5.2"
    mov edi, TSS + TSS_BITMAP
    mov ecx, (TSS_LIMIT + 1 - TSS_BITMAP + 3) / 4
    xor eax, eax
    rep stosd
    SET edx, 0x408
CODE
    in al, dx
EXPECT GP, 0

; TR made anew in the set-up
%macro TASK_IS 3  ; base, limit, type
    DESC FREE, %1, %2, PRESENT | %3
    mov ax, FREE
    ltr ax
%endmacro

%macro IO_TSS_LIMIT 2
CHECK io.tss_with_limit_%1_has_no_bitmap, "SDM 1 18.5.2, 3A 7.2.1"
    TASK_IS TSS, %1, TSS32_TYPE
    PUT word [TSS + TSS_IOMAP], %2
    PUT dword [TSS], 0
CODE
    in al, PORT_MASK
EXPECT GP, 0
%endmacro
IO_TSS_LIMIT 0x67, 0x68
IO_TSS_LIMIT 0x65, 0
IO_TSS_LIMIT 0x66, 0
IO_TSS_LIMIT 0x20, 0

CHECK io.tss_with_limit_67_may_have_the_bitmap_inside, "SDM 1 18.5.2"
    TASK_IS TSS, 0x67, TSS32_TYPE
    PUT word [TSS + TSS_IOMAP], TSS_ESP1 - 4
CODE
    in al, PORT_MASK
EXPECT END
WANT eax, 0xa1a2a3ff

; SDM 3A 7.2.1: the bitmap belongs to the 32-bit TSS.
CHECK io.tss_of_16_bits_has_no_bitmap, "SDM 3A 7.6, 2A IN"
    TASK_IS TSS16_A, 0xff, TSS16_TYPE
    PUT word [TSS16_A + 2], STACK0
    PUT word [TSS16_A + 4], DS0
CODE
    in al, PORT_MASK
EXPECT GP, 0

; ---- the bitmap and paging ----

BITMAP_PAGE     equ 0xa000          ; a page of its own: the bitmap starts 5000h into the TSS

%macro IO_PAGED 3  ; name, place of the bitmap, entry of the page
CHECK io.%1, "SDM 3A 4.6"
    PAGING P32
    mov edi, BITMAP_PAGE
    mov ecx, 0x800
    xor eax, eax
    rep stosd
    TASK_IS TSS, 0x6fff, TSS32_TYPE
    PUT word [TSS + TSS_IOMAP], %2 - TSS
    PUT dword [PT + 0xb * 4], %3
CODE
    in al, PORT_MASK
%endmacro
IO_PAGED bitmap_is_read_as_supervisor, BITMAP_PAGE + 0xffb, 0xb000 | PTE_P | PTE_A
EXPECT END
WANT eax, 0xa1a2a3ff
IO_PAGED absent_page_of_the_bitmap_is_pf_0, 0xb000, 0
EXPECT PF, 0
WANT cr2, 0xb000 + PORT_MASK / 8
IO_PAGED absent_page_of_the_second_byte_is_pf_0, BITMAP_PAGE + 0xffb, 0
EXPECT PF, 0
WANT cr2, 0xb000
IO_PAGED absent_page_behind_both_bytes_does_not_matter, BITMAP_PAGE + 0xffa, 0
EXPECT END
WANT eax, 0xa1a2a3ff

; ================ string instructions ================

; SDM 2A INS, 2B OUTS, operation: the permission first, then the memory
%macro IO_ORDER 2
CHECK io.%1_forbidden_comes_before_the_page_fault, "SDM 2A INS, 2B OUTS"
    PAGING P32
    SET edx, PORT_FREE
    SET esi, WINDOW
    SET edi, WINDOW
    SET ecx, 2
CODE
    %2
EXPECT GP, 0
%endmacro
IO_ORDER insb, {insb}
IO_ORDER outsb, {outsb}
IO_ORDER rep_insd, {rep insd}
IO_ORDER rep_outsd, {rep outsd}

%macro IO_PAGE 4
CHECK io.%1_to_an_absent_page_is_pf_%3, "SDM 2A INS, 2B OUTS"
    PAGING P32
    ALLOW PORT_FREE
    SET edx, PORT_FREE
    SET esi, WINDOW
    SET edi, WINDOW
    SET ecx, 2
CODE
    %2
EXPECT PF, %3
WANT cr2, WINDOW
WANT_ANY PD + 4, 1                  ; SDM 3A 4.8 leaves it open
%endmacro
IO_PAGE insb, {insb}, 6, 0
IO_PAGE outsb, {outsb}, 4, 0
IO_PAGE rep_insb, {rep insb}, 6, 0
IO_PAGE rep_outsb, {rep outsb}, 4, 0

%macro IO_SEGMENT 4  ; name, segment register, code, index
CHECK io.%1_through_a_null_segment_is_gp, "SDM 2A INS, 2B OUTS"
    ALLOW PORT_FREE
    SET edx, PORT_FREE
    SET %2, 0
    SET %4, DATA
CODE
    %3
EXPECT GP, 0
%endmacro
IO_SEGMENT insb, es, {insb}, edi
IO_SEGMENT outsb, ds, {outsb}, esi
IO_SEGMENT fs_outsb, fs, {fs outsb}, esi

CHECK io.insb_to_a_read_only_segment_is_gp, "SDM 2A INS"
    ALLOW PORT_FREE
    DESC FREE, 0, 0xfffff, PRESENT | DPL(3) | DATA_R, BIG | PAGES_4K
    SET es, FREE | 3
    SET edx, PORT_FREE
    SET edi, DATA
CODE
    insb
EXPECT GP, 0

; A prefix does not change the segment of INS
CHECK io.insb_uses_es_whatever_the_prefix, "SDM 2A INS"
    ALLOW PORT_MASK
    SET fs, 0
    SET edx, PORT_MASK
    SET edi, DATA + 8
CODE
    fs insb
EXPECT END
WANT edi, DATA + 9
WANT_MEMORY byte, DATA + 8, 0xff

CHECK io.rep_insb_reads_ecx_bytes, "SDM 2A INS"
    ALLOW PORT_MASK
    SET edx, PORT_MASK
    SET edi, DATA + 8
    SET ecx, 4
CODE
    rep insb
EXPECT END
WANT edi, DATA + 12
WANT ecx, 0
WANT_MEMORY dword, DATA + 8, 0xffffffff

CHECK io.rep_insb_goes_down_with_df, "SDM 2A INS"
    ALLOW PORT_MASK
    SET_FLAGS DF
    SET edx, PORT_MASK
    SET edi, DATA + 11
    SET ecx, 4
CODE
    rep insb
EXPECT END
WANT edi, DATA + 7
WANT ecx, 0
WANT_MEMORY dword, DATA + 8, 0xffffffff

; What was transferred before the fault stays.
CHECK io.rep_insb_faults_in_the_middle, "SDM 2A INS, 2B REP"
    PAGING P32
    ALLOW PORT_MASK
    PUT dword [PT_WINDOW], DATA | PTE_ALL
    PUT dword [PD + 4], PT_WINDOW | PTE_ALL
    SET edx, PORT_MASK
    SET edi, WINDOW + 0xffe
    SET ecx, 4
CODE
    rep insb
EXPECT PF, 6
WANT edi, WINDOW + 0x1000
WANT ecx, 2
WANT cr2, WINDOW + 0x1000
WANT_MEMORY word, DATA + 0xffe, 0xffff

END_OF_CHECKS
