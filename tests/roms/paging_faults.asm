; Page faults: absent and reserved entries, accesses over two pages, instructions that fault midway: SDM 3A 4.7, 6.15 (#PF).
%include "lib/rom.inc"
%include "lib/data.inc"
%include "lib/paging.inc"

; ================ absent entries ================

%macro ABSENT_ACCESS 3  ; CPL, read|write|fetch, address: the code and its outcome
    %assign fault_code 0
    %if %1 == 3
        %assign fault_code PF_USER
    %endif
CODE
    %ifidni %2, read
        mov eax, [%3]
    %elifidni %2, write
        %assign fault_code fault_code | PF_WRITE
        mov [%3], al
    %else
        jmp dword (%3)
    %endif
EXPECT PF, fault_code
    WANT cr2, %3
    %ifidni %2, fetch
        WANT eip, %3
    %endif
%endmacro

; All bits but P are the system's own then; they are set here
%macro ABSENT 3  ; format, CPL, read|write|fetch
CHECK paging.%1_absent_directory_entry_%3_at_cpl_%2, "SDM 3A 4.7"
    IN PM32, %2
    PAGING %1
    WINDOW_PAGE %1, 0, PTE_P | PTE_W | PTE_U
    PUT dword [DIRECTORY_%1], 0xfffffffe
    %ifidni %1, PAE
        PUT dword [DIRECTORY_%1 + 4], 0xffffffff
    %endif
ABSENT_ACCESS %2, %3, WINDOW + 0x123

CHECK paging.%1_absent_table_entry_%3_at_cpl_%2, "SDM 3A 4.7"
    IN PM32, %2
    PAGING %1
    WINDOW_PAGE %1, PTE_P | PTE_W | PTE_U | PTE_A, 0
    PUT dword [TABLE_%1], 0xfffffffe
    %ifidni %1, PAE
        PUT dword [TABLE_%1 + 4], 0xffffffff
    %endif
ABSENT_ACCESS %2, %3, WINDOW + 0xfff
%endmacro
%macro ABSENTS 1
    ABSENT %1, 0, read
    ABSENT %1, 0, write
    ABSENT %1, 0, fetch
    ABSENT %1, 1, read
    ABSENT %1, 2, write
    ABSENT %1, 3, read
    ABSENT %1, 3, write
    ABSENT %1, 3, fetch
%endmacro
ABSENTS P32
ABSENTS PAE

%macro ABSENT_PDPTE 2
CHECK paging.PAE_absent_pointer_entry_%2_at_cpl_%1, "SDM 3A 4.7"
    IN PM32, %1
    PAGING PAE
ABSENT_ACCESS %1, %2, 0x40000000
%endmacro
ABSENT_PDPTE 0, write
ABSENT_PDPTE 3, read
ABSENT_PDPTE 3, fetch

; ================ reserved bits ================

%macro RESERVED 6  ; name, format, CPL, read|write, address of the dword with the bit, its value
CHECK paging.%2_reserved_%1_%4_at_cpl_%3, "SDM 3A 4.7, table 4-13"
    IN PM32, %3
    PAGING %2
    %ifidni %1, bit_63_of_table_without_nxe
        NO_NXE
    %elifidni %1, bit_63_of_directory_without_nxe
        NO_NXE
    %endif
    WINDOW_PAGE %2, PTE_P | PTE_W | PTE_U | PTE_A, PTE_P | PTE_W | PTE_U | PTE_A
    PUT dword [%5], %6
    %assign fault_code PF_PRESENT | PF_RESERVED
    %if %3 == 3
        %assign fault_code fault_code | PF_USER
    %endif
CODE
    %ifidni %4, read
        mov eax, [WINDOW + 4]
    %else
        %assign fault_code fault_code | PF_WRITE
        mov [WINDOW + 4], eax
    %endif
EXPECT PF, fault_code
WANT cr2, WINDOW + 4
%endmacro
%macro NO_NXE 0
    test dword [features], FEATURE_NX
    jz .no_nx
    MSR MSR_EFER, 0
.no_nx:
%endmacro
%macro RESERVED_HIGH 2  ; bit, its value in the upper half
    RESERVED bit_%1_of_table, PAE, 3, read, PAE_PT_WINDOW + 4, %2
    RESERVED bit_%1_of_table, PAE, 0, write, PAE_PT_WINDOW + 4, %2
    RESERVED bit_%1_of_directory, PAE, 3, write, PAE_PD + 20, %2
    RESERVED bit_%1_of_directory, PAE, 0, read, PAE_PD + 20, %2
%endmacro
RESERVED_HIGH 51, 1 << 19
RESERVED_HIGH 52, 1 << 20
RESERVED_HIGH 57, 1 << 25
RESERVED_HIGH 62, 1 << 30
RESERVED bit_63_of_table_without_nxe, PAE, 3, read, PAE_PT_WINDOW + 4, 1 << 31
RESERVED bit_63_of_directory_without_nxe, PAE, 0, write, PAE_PD + 20, 1 << 31
%define LARGE (PTE_P | PTE_W | PTE_U | PTE_A | PTE_PS)
RESERVED bit_13_of_large_page, PAE, 3, read, PAE_PD + 16, LARGE | 1 << 13
RESERVED bit_20_of_large_page, PAE, 0, write, PAE_PD + 16, LARGE | 1 << 20
RESERVED bit_21_of_large_page, PSE, 3, read, PD + 4, LARGE | 1 << 21
RESERVED bit_21_of_large_page, PSE, 0, write, PD + 4, LARGE | 1 << 21

; A reserved bit decides before the rights: both errors give RSVD
CHECK paging.PAE_reserved_bit_in_a_supervisor_page, "SDM 3A 4.7"
    PAGING PAE
    WINDOW_PAGE PAE, PTE_P | PTE_W | PTE_U | PTE_A, PTE_P | PTE_A
    PUT dword [PAE_PT_WINDOW + 4], 1 << 30
CODE
    mov [WINDOW], eax
EXPECT PF, PF_PRESENT | PF_RESERVED | PF_WRITE | PF_USER
WANT cr2, WINDOW

CHECK paging.P32_ps_without_cr4_pse_is_ignored, "SDM 3A 4.3"
    PAGING P32
    FILL_DATA
    WINDOW_PAGE P32, PTE_P | PTE_U | PTE_PS, PTE_P | PTE_U
CODE
    mov eax, [WINDOW]
EXPECT END
WANT eax, PATTERN4(DATA)
WANT_WINDOW_PAGE P32, PTE_P | PTE_U | PTE_PS | PTE_A, PTE_P | PTE_U | PTE_A

; ================ accesses over two pages ================

; Page 1 of the window shows DATA, page 2 DATA2. bad: which of them is not allowed, and how
%macro CROSS_PAGES 2  ; first|second|both, absent|read_only|supervisor
    FILL_DATA
    %ifidni %2, absent
        %assign bad_bits 0
    %elifidni %2, read_only
        %assign bad_bits PTE_P | PTE_U | PTE_A
    %else
        %assign bad_bits PTE_P | PTE_W | PTE_A
    %endif
    %assign bits_1 PTE_ALL
    %assign bits_2 PTE_ALL
    %ifnidni %1, second
        %assign bits_1 bad_bits
    %endif
    %ifnidni %1, first
        %assign bits_2 bad_bits
    %endif
    WINDOW_PAGE P32, PTE_P | PTE_W | PTE_U | PTE_A, bits_1
    WINDOW_PAGE_2 P32, bits_2
%endmacro

; fault: the error code without P and U, which come from %3 and CPL 3
%macro CROSS 6+  ; name, first|second|both, absent|read_only|supervisor, offset, 0 | PF_WRITE, instruction with EDI
CHECK paging.%1_over_two_pages_%2_%3, "SDM 3A 4.7, 6.15 #PF"
    PAGING P32
    CROSS_PAGES %2, %3
    SET edi, WINDOW + (%4)
    SET esi, DATA + 0x10
    SET eax, 0x5a5a5a5a
CODE
    %6
    %ifidni %3, absent
EXPECT PF, (%5) | PF_USER
    %else
EXPECT PF, (%5) | PF_USER | PF_PRESENT
    %endif
    %ifidni %2, second
        WANT cr2, WINDOW + 0x1000
    %else
        WANT cr2, WINDOW + (%4)
    %endif
%endmacro
%macro CROSS_READ 3+  ; name, offset, instruction
    CROSS %1, first, absent, %2, 0, %3
    CROSS %1, second, absent, %2, 0, %3
    CROSS %1, second, supervisor, %2, 0, %3
%endmacro
%macro CROSS_WRITE 3+
    CROSS %1, first, read_only, %2, PF_WRITE, %3
    CROSS %1, second, absent, %2, PF_WRITE, %3
    CROSS %1, second, read_only, %2, PF_WRITE, %3
    CROSS %1, second, supervisor, %2, PF_WRITE, %3
    CROSS %1, both, absent, %2, PF_WRITE, %3
%endmacro
; A read that is part of a read-modify-write: the manual does not say whether it already counts as a write where it faults as a read
%macro CROSS_MODIFY 3+
    CROSS %1, first, read_only, %2, PF_WRITE, %3
    CROSS %1, second, read_only, %2, PF_WRITE, %3
    CROSS %1, second, absent, %2, PF_WRITE, %3
    WANT_BITS error, ~PF_WRITE
    CROSS %1, second, supervisor, %2, PF_WRITE, %3
    WANT_BITS error, ~PF_WRITE
    CROSS %1, both, absent, %2, PF_WRITE, %3
    WANT_BITS error, ~PF_WRITE
%endmacro
; Stores of several accesses: which of them come before the fault, the manual does not say
%macro CROSS_PARTS 3+
    CROSS %1, first, read_only, %2, PF_WRITE, %3
    WANT_ANY DATA2, 0x80
    CROSS %1, second, absent, %2, PF_WRITE, %3
    WANT_ANY DATA + 0xf80, 0x80
    CROSS %1, second, read_only, %2, PF_WRITE, %3
    WANT_ANY DATA + 0xf80, 0x80
    CROSS %1, second, supervisor, %2, PF_WRITE, %3
    WANT_ANY DATA + 0xf80, 0x80
%endmacro
CROSS_READ word_read, 0xfff, mov ax, [edi]
CROSS_READ dword_read, 0xffd, mov eax, [edi]
CROSS_READ scas, 0xffe, scasd
CROSS_READ far_pointer, 0xffc, lgs eax, [edi]
CROSS_READ qword_of_x87, 0xff9, fld qword [edi]
CROSS_READ extended_of_x87, 0xff8, fld tword [edi]
CROSS load_of_x87_environment, first, absent, 0xff0, 0, fldenv [edi]
WANT_BITS cr2, 0xfffff000           ; it is more than one access
CROSS load_of_x87_environment, second, absent, 0xff0, 0, fldenv [edi]
WANT_BITS cr2, 0xfffff000
CROSS_READ jump_through_memory, 0xffe, jmp [edi]
CROSS_READ far_jump_through_memory, 0xffc, jmp far [edi]
CROSS_READ near_call_through_memory, 0xffd, call [edi]
CROSS_READ push_of_memory, 0xffe, push dword [edi]
CROSS_READ bound, 0xffc, bound eax, [edi]
CROSS_WRITE word_write, 0xfff, mov [edi], ax
CROSS_WRITE dword_write, 0xffd, mov [edi], eax
CROSS_MODIFY read_modify_write, 0xffe, add [edi], eax
CROSS_MODIFY exchange, 0xffe, xchg [edi], eax
CROSS_MODIFY exchange_and_add, 0xffe, xadd [edi], eax
CROSS_MODIFY locked_increment, 0xffe, lock inc dword [edi]
CROSS_MODIFY failing_compare_and_exchange, 0xffe, cmpxchg [edi], ecx
CROSS_MODIFY bit_test_and_set, 0xffe, bts dword [edi], 1
CROSS_WRITE stos, 0xffd, stosd
CROSS_WRITE movs, 0xffe, movsd
CROSS_WRITE pop_to_memory, 0xffe, pop dword [edi]
CROSS_PARTS state_of_x87, 0xfc0, fnsave [edi]
CROSS_WRITE control_word_of_x87, 0xfff, fnstcw [edi]
CROSS_PARTS environment_of_x87, 0xff0, fnstenv [edi]
CROSS_PARTS sgdt, 0xffc, sgdt [edi]

%macro CROSS_FITS 4+  ; name, offset, bytes of the pattern that are overwritten with 5Ah, instruction
CHECK paging.%1_over_two_pages, "SDM 3A 4.8"
    PAGING P32
    FILL_DATA
    WINDOW_PAGE P32, PTE_P | PTE_W | PTE_U, PTE_P | PTE_W | PTE_U
    WINDOW_PAGE_2 P32, PTE_P | PTE_W | PTE_U
    SET edi, WINDOW + (%2)
    SET eax, 0x5a5a5a5a
CODE
    %4
EXPECT END
WANT_WINDOW_PAGE P32, PTE_P | PTE_W | PTE_U | PTE_A, PTE_ALL
WANT_WINDOW_PAGE_2 P32, PTE_ALL
mov edi, DATA + (%2) + WANTED
mov ecx, %3
mov al, 0x5a
rep stosb
%endmacro
CROSS_FITS word_write, 0xfff, 2, mov [edi], ax
CROSS_FITS dword_write, 0xffd, 4, mov [edi], eax
CROSS_FITS dword_write_3, 0xfff, 4, mov [edi], eax

; Pages that are not neighbours: the second page of the window shows DATA, the first DATA2
CHECK paging.pages_over_which_an_access_goes_need_not_be_neighbours, "SDM 3A 4.3"
    PAGING P32
    FILL_DATA
    WINDOW_PAGE P32, PTE_P | PTE_W | PTE_U | PTE_A, 0
    PUT dword [PT_WINDOW], DATA2 | PTE_ALL
    PUT dword [PT_WINDOW + 4], DATA | PTE_ALL
CODE
    mov eax, [WINDOW + 0xffe]
    mov [WINDOW + 0xfff], ecx
EXPECT END
WANT eax, PATTERN2(DATA2 + 0xffe) | PATTERN2(DATA) << 16
WANT_MEMORY byte, DATA2 + 0xfff, 0xc4
WANT_MEMORY word, DATA, 0xc2c3
WANT_MEMORY byte, DATA + 2, 0xc1

; ---- code ----
; The instruction begins at FFEh of a page, and the next page is bad
%macro CROSS_CODE 3  ; absent|supervisor, CPL, code
CHECK paging.code_goes_on_in_an_%1_page_at_cpl_%2, "SDM 3A 6.15 #PF"
    IN PM32, %2
    PAGING P32
    CROSS_PAGES second, %1
    PUT dword [DATA + 0xffc], 0x12b89090
    SET eip, WINDOW + 0xffc
CODE
EXPECT PF, %3
WANT eip, WINDOW + 0xffe            ; the MOV; CR2 says where the fetch has failed
WANT cr2, WINDOW + 0x1000
%endmacro
CROSS_CODE absent, 3, PF_USER
CROSS_CODE absent, 0, 0
CROSS_CODE supervisor, 3, PF_USER | PF_PRESENT

CHECK paging.code_in_a_page_that_follows_another, "SDM 3A 4.3"
    PAGING P32
    CROSS_PAGES second, read_only
    PUT dword [DATA + 0xffc], 0x12b89090
    PUT dword [DATA2], 0x0b563412
    PUT dword [DATA2], 0x0f563412   ; MOV EAX, 56341212h; UD2
    PUT byte [DATA2 + 4], 0x0b
    SET eip, WINDOW + 0xffc
CODE
EXPECT LANDED, WINDOW + 0x1003
WANT eax, 0x56341212

; ================ instructions that fault midway ================
; Registers are as before. What an instruction with several stores has written when a later one faults, the manual does not
; say, nor in which order it stores: WANT_ANY, and CR2 to the page.

%macro MIDWAY 6+  ; name, first|second, ESP or EDI in the window, register, write code, instruction
CHECK paging.%1_with_%2_page_absent, "SDM 3A 6.15 #PF, 2A, 2B"
    PAGING P32
    CROSS_PAGES %2, absent
    SET %4, WINDOW + (%3)
CODE
    %6
EXPECT PF, PF_USER | (%5)
    %ifidni %2, first
        WANT cr2, WINDOW
        %ifidni %4, esp
            WANT_ANY DATA2, 0x100
        %endif
    %else
        WANT cr2, WINDOW + 0x1000
        %ifidni %4, esp
            WANT_ANY DATA + 0xf00, 0x100
        %endif
    %endif
WANT_BITS cr2, 0xfffff000
%endmacro
MIDWAY pusha, first, 0x1010, esp, PF_WRITE, pushad
MIDWAY pusha, second, 0x1010, esp, PF_WRITE, pushad
MIDWAY pusha_16, first, 0x1006, esp, PF_WRITE, pushaw
MIDWAY popa, second, 0xff0, esp, 0, popad
MIDWAY popa, first, 0xff0, esp, 0, popad
MIDWAY popa_16, second, 0xff6, esp, 0, popaw
MIDWAY popf, second, 0xffe, esp, 0, popfd
MIDWAY pushf, first, 0x1002, esp, PF_WRITE, pushfd
MIDWAY push, first, 0x1001, esp, PF_WRITE, push eax
MIDWAY push, second, 0x1001, esp, PF_WRITE, push eax
MIDWAY pop, second, 0xffd, esp, 0, pop eax
MIDWAY enter_of_level_1, first, 0x1006, esp, PF_WRITE, enter 0, 1
MIDWAY enter_of_level_1, second, 0x1008, esp, PF_WRITE, enter 0, 1
; ENTER asks whether a write at the final stack pointer would fault (SDM 2A)
MIDWAY enter_whose_locals_are_absent, first, 0x1008, esp, PF_WRITE, enter 0x10, 0
MIDWAY near_call, first, 0x1002, esp, PF_WRITE, call $ + 5
MIDWAY far_call, first, 0x1004, esp, PF_WRITE, call CS3:.end
MIDWAY far_call, second, 0x1006, esp, PF_WRITE, call CS3:.end
MIDWAY near_return, second, 0xffe, esp, 0, ret
MIDWAY far_return, second, 0xffc, esp, 0, retf
MIDWAY far_return, first, 0xffc, esp, 0, retf
MIDWAY iret, second, 0xff8, esp, 0, iretd
MIDWAY iret, first, 0xff8, esp, 0, iretd
MIDWAY leave, second, 0xffe, ebp, 0, leave
MIDWAY leave, first, 0xffe, ebp, 0, leave

; A stack that is not the running one: at CPL 1 a #PF of a supervisor; the registers are as before the transfer, CPL too
%macro INNER_STACK 4+  ; name, first|second, ESP1, instruction
CHECK paging.%1_to_a_stack_with_%2_page_absent, "SDM 3A 6.12.1, 6.15 #PF"
    PAGING P32
    CROSS_PAGES %2, absent
    PUT dword [TSS + TSS_ESP1], WINDOW + (%3)
    GATE 40h, CS1, .end, PRESENT | DPL(3) | INT_GATE32
    CALL_GATE FREE, CS1, .end, PRESENT | DPL(3) | CALL_GATE32, 2
CODE
    %4
EXPECT PF, PF_WRITE
    %ifidni %2, first
        WANT cr2, WINDOW
        WANT_ANY DATA2, 0x100
    %else
        WANT cr2, WINDOW + 0x1000
        WANT_ANY DATA + 0xf00, 0x100
    %endif
WANT_BITS cr2, 0xfffff000
%endmacro
INNER_STACK interrupt, first, 0x1008, int 40h
INNER_STACK interrupt, second, 0x1008, int 40h
INNER_STACK interrupt_whose_whole_frame_is_absent, first, 0x1000, int 40h
INNER_STACK call_gate, first, 0x1008, call FREE:0
INNER_STACK call_gate, second, 0x1010, call FREE:0
INNER_STACK call_gate_whose_whole_frame_is_absent, first, 0x1000, call FREE:0

; Parameters that cannot be read: an access at the old CPL or at the new one, the manual does not say which: U/S is open
CHECK paging.call_gate_whose_parameters_are_absent, "SDM 2A CALL"
    PAGING P32
    CROSS_PAGES first, absent
    SET esp, WINDOW + 0xff8
    CALL_GATE FREE, CS1, .end, PRESENT | DPL(3) | CALL_GATE32, 2
CODE
    call FREE:0
EXPECT PF, 0
WANT cr2, WINDOW
WANT_BITS cr2, 0xfffff000
WANT_BITS error, ~PF_USER
WANT_ANY STACK1 - 0x40, 0x40

; ---- repeated strings: what is done is done ----
%macro STRING_FAULT 7+  ; name, ESI, EDI, done, code, CR2, instruction; 8 iterations wanted
CHECK paging.rep_%1_keeps_what_it_has_done, "SDM 2B REP"
    PAGING P32
    CROSS_PAGES second, absent
    SET esi, %2
    SET edi, %3
    SET ecx, 8
CODE
    %7
EXPECT PF, (%5) | PF_USER
WANT cr2, %6
WANT ecx, 8 - (%4)
%endmacro
STRING_FAULT movs_to_absent, DATA2, WINDOW + 0xff4, 3, PF_WRITE, WINDOW + 0x1000, rep movsd
WANT esi, DATA2 + 12
WANT edi, WINDOW + 0x1000
WANT_COPY DATA + 0xff4, DATA2, 12
STRING_FAULT movs_from_absent, WINDOW + 0xff8, DATA2, 2, 0, WINDOW + 0x1000, rep movsd
WANT esi, WINDOW + 0x1000
WANT edi, DATA2 + 8
WANT_COPY DATA2, DATA + 0xff8, 8
STRING_FAULT movs_over_the_border, DATA2, WINDOW + 0xff6, 2, PF_WRITE, WINDOW + 0x1000, rep movsd
WANT esi, DATA2 + 8
WANT edi, WINDOW + 0xffe
WANT_COPY DATA + 0xff6, DATA2, 8
STRING_FAULT stos, DATA2, WINDOW + 0xffb, 5, PF_WRITE, WINDOW + 0x1000, rep stosb
WANT edi, WINDOW + 0x1000
WANT_MEMORY dword, DATA + 0xffb, 0xa4a4a4a4
WANT_MEMORY byte, DATA + 0xfff, 0xa4
STRING_FAULT lods, WINDOW + 0xffc, DATA2, 1, 0, WINDOW + 0x1000, rep lodsd
WANT esi, WINDOW + 0x1000
WANT eax, PATTERN4(DATA + 0xffc)
STRING_FAULT scas, DATA2, WINDOW + 0xffe, 2, 0, WINDOW + 0x1000, repne scasb
WANT edi, WINDOW + 0x1000
WANT_BITS eflags, ~(CF | PF | AF | ZF | SF | OF | RF) | RF
STRING_FAULT cmps, DATA + 0xffc, WINDOW + 0xffc, 1, 0, WINDOW + 0x1000, repe cmpsd
WANT esi, DATA + 0x1000
WANT edi, WINDOW + 0x1000
WANT_BITS eflags, ~(CF | PF | AF | ZF | SF | OF)
STRING_FAULT movs_at_once, DATA2, WINDOW + 0x1000, 0, PF_WRITE, WINDOW + 0x1000, rep movsd

CHECK paging.rep_movs_backwards_keeps_what_it_has_done, "SDM 2B REP"
    PAGING P32
    CROSS_PAGES first, absent
    SET esi, DATA + 0x100
    SET edi, WINDOW + 0x1004
    SET ecx, 8
    SET_FLAGS DF
CODE
    rep movsd
EXPECT PF, PF_USER | PF_WRITE
WANT cr2, WINDOW + 0xffc
WANT ecx, 6
WANT esi, DATA + 0xf8
WANT edi, WINDOW + 0xffc
WANT_COPY DATA2, DATA + 0xfc, 8

; ================ what the processor reads for itself: as a supervisor, also at CPL 3 (SDM 3A 4.6, 5.11.2) ================

; The LDT lies in the window: its descriptor 1 is data. table bits, bits of CR0, accessed bit of the descriptor
%macro LDT_PAGE 6  ; name, CPL, bits of the table entry, bits of CR0, accessed, instruction
CHECK paging.%1_at_cpl_%2, "SDM 3A 4.6, 5.11.2"
    IN PM32, %2
    NEEDS I486
    PAGING P32
    %if %4
        SET_CR0 %4
    %endif
    WINDOW_PAGE P32, PTE_P | PTE_W | PTE_A, %3
    PUT dword [DATA + 8], 0x0000ffff
    PUT dword [DATA + 12], 0x00cf0000 | (PRESENT | DPL(3) | DATA_RW | (%5)) << 8
    DESC FREE, WINDOW, 0xff, PRESENT | LDT_TYPE
    mov eax, FREE
    lldt ax
    SET eax, TI + 8 + 3
CODE
    %6
%endmacro
%macro LDT_PAGES 1
    LDT_PAGE descriptor_in_a_supervisor_page, %1, PTE_P | PTE_W, 0, 0, {mov es, ax}
    EXPECT END
    WANT es, TI + 8 + 3
    WANT_WINDOW_PAGE P32, PTE_P | PTE_W | PTE_A, PTE_P | PTE_W | PTE_A | PTE_D
    WANT_MEMORY byte, DATA + 13, PRESENT | DPL(3) | DATA_RW | ACCESSED
    LDT_PAGE accessed_descriptor_in_a_read_only_page_with_wp, %1, PTE_P, CR0_WP, ACCESSED, {mov es, ax}
    EXPECT END
    WANT es, TI + 8 + 3
    WANT_WINDOW_PAGE P32, PTE_P | PTE_W | PTE_A, PTE_P | PTE_A
    LDT_PAGE accessed_bit_in_a_read_only_page_without_wp, %1, PTE_P, 0, 0, {mov es, ax}
    EXPECT END
    WANT es, TI + 8 + 3
    WANT_WINDOW_PAGE P32, PTE_P | PTE_W | PTE_A, PTE_P | PTE_A | PTE_D
    WANT_MEMORY byte, DATA + 13, PRESENT | DPL(3) | DATA_RW | ACCESSED
    LDT_PAGE accessed_bit_in_a_read_only_page_with_wp, %1, PTE_P | PTE_A, CR0_WP, 0, {mov es, ax}
    EXPECT PF, PF_PRESENT | PF_WRITE
    WANT cr2, WINDOW + 8
    WANT_BITS cr2, ~7               ; a part of the descriptor
    LDT_PAGE descriptor_in_an_absent_page, %1, 0, 0, 0, {mov es, ax}
    EXPECT PF, 0
    WANT cr2, WINDOW + 8
    WANT_BITS cr2, ~7
    LDT_PAGE lar_of_a_descriptor_in_an_absent_page, %1, 0, 0, 0, {lar eax, eax}
    EXPECT PF, 0
    WANT cr2, WINDOW + 8
    WANT_BITS cr2, ~7
    LDT_PAGE verw_of_a_descriptor_in_a_supervisor_page, %1, PTE_P, CR0_WP, 0, {verw ax}
    EXPECT END
    WANT_FLAGS ZF, 0
    WANT_WINDOW_PAGE P32, PTE_P | PTE_W | PTE_A, PTE_P | PTE_A
    LDT_PAGE far_jump_through_an_absent_page, %1, 0, 0, 0, {jmp TI + 8 + 3:0}
    EXPECT PF, 0
    WANT cr2, WINDOW + 8
    WANT_BITS cr2, ~7
%endmacro
LDT_PAGES 3
LDT_PAGES 0

CHECK paging.io_bitmap_in_an_absent_page, "SDM 3A 5.11.2"
    PAGING P32
    WINDOW_PAGE P32, PTE_P | PTE_W | PTE_A, PTE_P | PTE_W | PTE_A | PTE_D
    mov esi, TSS                    ; the TSS in DATA, its bitmap in the second page, which is absent
    mov edi, DATA + 0x1000 - TSS_BITMAP
    mov ecx, TSS_LIMIT + 1
    rep movsb
    DESC FREE, WINDOW + 0x1000 - TSS_BITMAP, TSS_LIMIT, PRESENT | TSS32_TYPE
    mov eax, FREE
    ltr ax
CODE
    in al, 0x80
EXPECT PF, 0
WANT cr2, WINDOW + 0x1010

END_OF_CHECKS
